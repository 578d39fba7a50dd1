/** `kakuri trace` on real switches: where a packet goes and why, as the switches and the packets themselves say. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { kakuri } from '../lab/kakuri.js';
import { Random } from '../verify/random.js';
import { type Installation, startInstallation } from './installation.js';
import { networks } from './networks.js';
import { expectAgreement } from './trace-lab.js';

describe('trace', function () {
  this.timeout(120_000);
  let net: Installation;
  const directory = mkdtempSync(join(tmpdir(), 'kakuri-dumps-'));
  const dumps = join(directory, 'today');
  const ask = (...args: string[]) => kakuri(['trace', ...args, '--api', net.kakuri.api]);

  before(async () => {
    net = await startInstallation(networks());
    await net.plugAll();
    expect((await kakuri(['dump', dumps, '--api', net.kakuri.api])).code).to.equal(0);
  });
  after(async () => {
    await net?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('tells the way to another host, tunnel header included, and that the switches agree', async () => {
    const { code, stdout, stderr } = await ask('red-vm1', 'red-vm2', '--tcp', '80', '--confirm');
    expect(code, stderr).to.equal(0);
    expect(stdout)
      .to.match(/^on hv1, from red\/web\/red-vm1$/m)
      .and.match(/^on hv2, from kkg/m);
    expect(stdout).to.match(/tun_id=0x65,tun_src=10\.99\.0\.1/);
    expect(stdout).to.match(/tcp_dst=80/);
    expect(stdout).to.match(/\(\d+ packets so far\)/);
    expect(stdout.match(/ofproto\/trace agrees: it leaves by port \d+/g)).to.have.length(2);
    expect(stdout.trim().split('\n').at(-1)).to.equal('delivered to red/web/red-vm2 on hv2');
  });

  it('says by which table a packet is dropped, and why', async () => {
    const { code, stdout } = await ask('red-vm1', 'red-vm2', '--packet', 'ip,nw_src=192.168.0.9,nw_dst=192.168.0.2');
    expect(code).to.equal(1);
    expect(stdout.trim().split('\n').at(-1)).to.match(
      /^dropped by table port_security on hv1, because a VM sent with an IPv4 source address that is not its own \(ip_spoof\)/,
    );
  });

  it('follows every copy of a broadcast, and an answer back to who asked', async () => {
    const all = JSON.parse(
      (
        await ask(
          'red-vm1',
          '--packet',
          'dl_dst=ff:ff:ff:ff:ff:ff,udp,nw_src=192.168.0.1,nw_dst=255.255.255.255',
          '--json',
        )
      ).stdout,
    );
    expect(all.ends.map(({ at }: { at: string }) => at).sort()).to.deep.equal(['red/web/red-vm2', 'red/web/red-vm3']);
    const answer = JSON.parse((await ask('red-vm1', '192.168.0.2', '--arp', '--json')).stdout);
    expect(answer.ends).to.deep.include.members([
      {
        kind: 'delivered',
        host: 'hv1',
        at: 'red/web/red-vm1',
        text: 'delivered to red/web/red-vm1 on hv1',
      },
    ]);
  });

  it('asks for what it needs: one port, an address that exists, a packet that can be read', async () => {
    for (const [args, said] of [
      [['nobody', 'red-vm2'], /no port nobody: kakuri status lists them/],
      [['red-vm1', '192.168.0.77'], /red\/web has no port with address 192\.168\.0\.77/],
      [['red-vm1'], /where to\? Name a port or an address/],
      [['red-vm1', '--packet', 'ip,nw_sorc=1.2.3.4'], /--packet:1:4: unknown field "nw_sorc"/],
    ] as const) {
      const { code, stderr } = await ask(...args);
      expect(code, stderr).to.equal(2);
      expect(stderr).to.match(said);
    }
  });

  it('agrees with ofproto/trace and with the frames themselves on random packets', async () => {
    const { delivered, dropped } = await expectAgreement(net, dumps, new Random(7), 40);
    expect(delivered).to.be.greaterThan(5);
    expect(dropped).to.be.greaterThan(5);
  });
});

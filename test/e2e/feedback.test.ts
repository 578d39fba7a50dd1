/**
 * What is told about ports, on real Open vSwitch: the mark on the Interface row for whoever starts VMs, the state and its
 * reason on `status`, and counters that agree with the packets sent.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Status } from '../../src/controller/index.js';
import { ETH, ethernet, IP_PROTO, ipv4, udp } from '../lab/frames.js';
import { eventually, type Installation, sleep, startInstallation } from './installation.js';
import { networks } from './networks.js';

describe('feedback', function () {
  this.timeout(60_000);
  let net: Installation;

  const tap = (vm: string) => net.lab.ready.vms[vm]?.tap as string;
  /** The mark on a VM's row, '' without one. */
  const mark = async (vm: string): Promise<string> => {
    const host = net.lab.ready.vms[vm]?.host as string;
    const args = ['--if-exists', 'get', 'Interface', tap(vm), 'external_ids:kakuri-installed'];
    return (await net.lab.vsctl(host, ...args)).stdout.trim().replaceAll('"', '');
  };
  const marked = (vm: string, value: string) =>
    eventually(`${vm} to be marked ${value || 'no more'}`, async () => {
      const seen = await mark(vm);
      return seen === value ? true : seen;
    });
  const portOf = async (vm: string): Promise<Status['ports'][number]> =>
    (await net.status()).ports.find((p) => p.ifaceId === vm) as Status['ports'][number];

  before(async () => {
    // A port that may be on one host only is known to the others before; red-vm3 must not be.
    const file = networks().replace(/(red-vm3: .*hosts: \[)hv1\]/, '$1hv1, hv3]');
    expect(file).to.contain('[hv1, hv3]');
    net = await startInstallation(file);
  });
  after(() => net?.stop());

  it('marks a port when it is reached, and not before', async () => {
    expect(await portOf('red-vm1')).to.include({ state: 'unbound', host: null });
    await net.lab.plug('red-vm1');
    await marked('red-vm1', '1');
    await net.lab.plug('red-vm2');
    await marked('red-vm2', '1');
    // Marked means reached: the very first packet passes.
    const { received } = await net.lab.ping('red-vm1', 'red-vm2', { count: 1 });
    expect(received).to.equal(1);
    expect(await portOf('red-vm1')).to.include({ state: 'installed', host: 'hv1' });
  });

  it('does not mark a port that a neighbour cannot reach yet, and says whom it waits for', async () => {
    await net.lab.stopVswitchd('hv2');
    await eventually('hv2 to be gone', async () => {
      const { hosts } = await net.status();
      return hosts.find((h) => h.name === 'hv2')?.state === 'connecting' ? true : JSON.stringify(hosts);
    });
    await net.lab.plug('red-vm3');
    await eventually('red-vm3 to be bound', async () => {
      const port = await portOf('red-vm3');
      return port.state === 'bound' && port.reason?.startsWith('hv2 has not confirmed') ? true : JSON.stringify(port);
    });
    await sleep(300);
    expect(await mark('red-vm3')).to.equal('');
    expect(await mark('red-vm1')).to.equal('1');
    await net.lab.startVswitchd('hv2');
    await marked('red-vm3', '1');
  });

  it('takes the mark away when the row is another port, and gives it the generation of a changed intent', async () => {
    await net.lab.vsctl('hv1', 'set', 'Interface', tap('red-vm1'), 'external_ids:iface-id=nobody');
    await marked('red-vm1', '');
    await net.lab.vsctl('hv1', 'set', 'Interface', tap('red-vm1'), 'external_ids:iface-id=red-vm1');
    await marked('red-vm1', '1');
    const file = net.lab.ready.topology;
    const text = readFileSync(file, 'utf8');
    const next = text.replace('192.168.0.3"', '192.168.0.33"');
    expect(next).to.not.equal(text);
    writeFileSync(file, next);
    await marked('red-vm3', '2');
    expect(await mark('red-vm1')).to.equal('1');
    writeFileSync(file, text);
    await marked('red-vm3', '3');
  });

  it('leaves the marks as they are over a restart of the controller', async () => {
    await net.end('SIGKILL');
    await net.run();
    await net.ready(['red-vm1', 'red-vm2', 'red-vm3']);
    await sleep(300);
    expect([await mark('red-vm1'), await mark('red-vm2'), await mark('red-vm3')]).to.deep.equal(['1', '1', '3']);
  });

  it('counts packets and octets of ports, networks and tenants, and drops by reason', async () => {
    await sleep(600);
    const before = await net.status();
    const [from, to] = [
      { mac: '02:00:00:00:01:01', ip: '192.168.0.1' },
      { mac: '02:00:00:00:01:02', ip: '192.168.0.2' },
    ] as const;
    const frame = (src: string) =>
      ethernet(
        { dst: to.mac, src: from.mac, type: ETH.ipv4 },
        ipv4({ src, dst: to.ip, proto: IP_PROTO.udp }, udp({ sport: 4000, dport: 9 }, Buffer.alloc(58))),
      );
    const count = 20;
    await net.lab.sendFrames({ vm: 'red-vm1' }, [frame(from.ip), frame('192.168.0.99')], { count });
    await sleep(700);
    const after = await net.status();
    const grown = (pick: (s: Status) => Status['ports'][number]['counters'] | undefined) => {
      const [a, b] = [pick(before), pick(after)];
      const spoofed = (b?.drops.ip_spoof ?? 0) - (a?.drops.ip_spoof ?? 0);
      return [(b?.sent.packets ?? 0) - (a?.sent.packets ?? 0), (b?.sent.bytes ?? 0) - (a?.sent.bytes ?? 0), spoofed];
    };
    const expected = [2 * count, 2 * count * 100, count];
    expect(grown((s) => s.ports.find((p) => p.ifaceId === 'red-vm1')?.counters)).to.deep.equal(expected);
    const received = (s: Status) => s.ports.find((p) => p.ifaceId === 'red-vm2')?.counters.received.packets ?? 0;
    expect(received(after) - received(before)).to.equal(count);
    // The receiver's kernel answers that nobody listens, at its own pace.
    const ofNetwork = grown((s) => s.networks.find((n) => n.tenant === 'red')?.counters);
    expect(ofNetwork[0]).to.be.within(2 * count, 3 * count);
    expect(ofNetwork[2]).to.equal(count);
    expect(grown((s) => s.tenants.find((t) => t.name === 'red')?.counters)).to.deep.equal(ofNetwork);
    expect(grown((s) => s.tenants.find((t) => t.name === 'blue')?.counters)).to.deep.equal([0, 0, 0]);
    const alone = await (await fetch(`${net.kakuri.api}/counters`)).json();
    expect(alone).to.have.keys('ports', 'networks', 'tenants');
  });
});

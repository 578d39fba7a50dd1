/**
 * TLS both ways with real Open vSwitch: hosts are programmed over it, and whoever is not who it must be is refused with a
 * clear line while nobody else notices.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Status } from '../../src/controller/index.js';
import { datapathId } from '../../src/desired/index.js';
import { kakuri, type RunningKakuri, runKakuri } from '../lab/kakuri.js';
import { freePort } from '../ovsdb-client/support/server.js';
import { Authority } from '../session/authority.js';
import { eventually } from './installation.js';
import { startTlsOvs, type TlsOvs } from './tls-ovs.js';

const topology = (hv1: number, hv2: number): string => `
hosts:
  hv1: { ovsdb: "ssl:127.0.0.1:${hv1}", vtep: 10.99.0.1 }
  hv2: { ovsdb: "ssl:127.0.0.1:${hv2}", vtep: 10.99.0.2 }
tenants:
  red:
    networks:
      web:
        subnets: [192.168.0.0/24]
        ports:
          red-vm1: { mac: "02:00:00:00:01:01", ips: [192.168.0.1] }
          red-vm2: { mac: "02:00:00:00:01:02", ips: [192.168.0.2] }
`;

describe('TLS', function () {
  this.timeout(90_000);
  let ours: Authority;
  let theirs: Authority;
  let directory: string;
  let ports: readonly [number, number];
  let listen: number;
  let running: RunningKakuri | undefined;
  const hosts: TlsOvs[] = [];
  const rogue = () => hosts[2] as TlsOvs;

  const file = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const certificates = (): string[] => {
    const [key, certificate, ca] = ours.files('controller');
    return ['--private-key', key, '--certificate', certificate, '--ca-cert', ca];
  };
  const run = async (path: string): Promise<void> => {
    const where = ['--listen', `pssl:${listen}:127.0.0.1`, '--api', 'http://127.0.0.1:0', '--state', directory];
    running = await runKakuri([path, ...where, ...certificates()]);
  };
  const status = async (): Promise<Status> => (await (await fetch(`${running?.api}/status`)).json()) as Status;
  const ready = () =>
    eventually(
      'both hosts to be ready with their ports',
      async () => {
        const last = await status();
        const right =
          last.hosts.every(({ state }) => state === 'ready') && last.ports.every(({ state }) => state === 'installed');
        return right || JSON.stringify(last);
      },
      40_000,
    );
  const refused = (remote: RegExp, reason: RegExp) =>
    eventually(
      `a refusal: ${reason}`,
      async () => {
        const last = (await status()).refused;
        return last.some((peer) => remote.test(peer.remote) && reason.test(peer.reason)) || JSON.stringify(last);
      },
      30_000,
    );

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'kakuri-tls-'));
    ours = new Authority().sign('controller').sign('hv1').sign('hv2').sign('hv3').sign('hv1', 'expired', -1);
    theirs = new Authority().sign('hv1');
    ports = [await freePort(), await freePort()];
    listen = await freePort();
    for (const _ of [1, 2, 3]) hosts.push(await startTlsOvs());
    for (const [i, name] of ['hv1', 'hv2'].entries()) {
      hosts[i]?.certify(ours.files(name));
      hosts[i]?.vsctl('set-manager', `pssl:${ports[i]}:127.0.0.1`);
    }
  });
  after(async () => {
    await running?.stop();
    for (const host of hosts) await host.stop();
    for (const authority of [ours, theirs]) authority?.remove();
    rmSync(directory, { recursive: true, force: true });
  });

  it('needs all three files, and says which is missing', async () => {
    const path = file('topology.yaml', topology(...ports));
    const none = await kakuri(['run', path, '--state', directory]);
    expect(none).to.include({ code: 2 });
    expect(none.stderr).to.contain('TLS needs --private-key, --certificate and --ca-cert');
    const one = await kakuri(['run', path, '--state', directory, '--private-key', ours.file('hv1.key')]);
    expect(one).to.include({ code: 2 });
    expect(one.stderr).to.contain('--certificate is missing');
    const [, certificate, ca] = ours.files('hv2');
    const files = ['--private-key', ours.file('hv1.key'), '--certificate', certificate, '--ca-cert', ca];
    expect(await kakuri(['run', path, '--state', directory, ...files])).to.include({ code: 2 });
  });

  it('programs hosts over it: OVSDB dialled, OpenFlow dialling in', async () => {
    await run(file('topology.yaml', topology(...ports)));
    await eventually(
      'br-int on both',
      async () => hosts.slice(0, 2).every((host) => host.vsctl('list-br').includes('br-int')) || 'no br-int yet',
    );
    for (const i of [0, 1])
      hosts[i]?.vsctl(
        'add-port',
        'br-int',
        'vm',
        '--',
        'set',
        'Interface',
        'vm',
        `external_ids:iface-id=red-vm${i + 1}`,
      );
    await ready();
    for (const i of [0, 1]) {
      expect(hosts[i]?.vsctl('get-controller', 'br-int').trim()).to.equal(`ssl:127.0.0.1:${listen}`);
      expect(hosts[i]?.ofctl('dump-flows', 'br-int', 'table=30')).to.contain('02:00:00:00:01:0');
    }
    const { stdout } = await kakuri(['verify', '--api', running?.api as string]);
    expect(stdout).to.match(/^isolated: \d+ flows on 2 hosts/);
    expect((await status()).refused).to.deep.equal([]);
  });

  it('tells Prometheus what the switches hold, count and drop', async () => {
    const scrape = async (): Promise<string> => (await fetch(`${running?.api}/metrics`)).text();
    const value = (text: string, name: string): number =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${name} `))
          ?.slice(name.length + 1) ?? Number.NaN,
      );
    // From red-vm1's port, with a source address that is not its own.
    const spoofed = `0200000001020200000009090800${'00'.repeat(46)}`;
    for (let i = 0; i < 3; i++) hosts[0]?.appctl('netdev-dummy/receive', 'vm', spoofed);
    let text = '';
    await eventually('three drops', async () => {
      text = await scrape();
      return value(text, 'kakuri_drops_total{tenant="red",reason="mac_spoof"}') === 3 || text;
    });
    expect(value(text, 'kakuri_host_drops_total{host="hv1",reason="mac_spoof"}')).to.equal(3);
    const held = hosts[0]
      ?.ofctl('dump-flows', 'br-int', 'table=60')
      .split('\n')
      .filter((line) => line.includes('cookie='));
    expect(held).to.not.have.lengthOf(0);
    expect(value(text, 'kakuri_flows{host="hv1",table="guard"}')).to.equal(held?.length);
    const { hosts: said } = await status();
    expect(value(text, 'kakuri_flow_mods_sent_total{host="hv1"}')).to.equal(said[0]?.flowModsSent);
    for (const host of ['hv1', 'hv2']) {
      expect(value(text, `kakuri_host_state{host="${host}",state="ready"}`)).to.equal(1);
      expect(value(text, `kakuri_pending_changes{host="${host}"}`)).to.equal(0);
      expect(value(text, `kakuri_host_errors{host="${host}"}`)).to.equal(0);
      expect(value(text, `kakuri_reconnects_total{host="${host}",protocol="openflow"}`)).to.equal(0);
      expect(value(text, `kakuri_change_seconds_count{host="${host}"}`)).to.be.greaterThan(0);
    }
    expect(value(text, 'kakuri_ports{state="installed"}')).to.equal(2);
    expect(text).to.match(/^process_cpu_seconds_total /m);
  });

  const rogues: [what: string, files: () => readonly [string, string, string], id: string, reason: RegExp][] = [
    [
      'of another authority',
      () => [theirs.file('hv1.key'), theirs.file('hv1.crt'), ours.file('ca.crt')],
      'hv1',
      /^certificate refused: [A-Z_]+$/,
    ],
    ['that has expired', () => ours.files('expired'), 'hv1', /^certificate refused: CERT_HAS_EXPIRED$/],
    [
      "of another host, with hv1's datapath-id",
      () => ours.files('hv3'),
      'hv1',
      /^datapath-id [0-9a-f]{16} is host hv1, but the certificate is for hv3$/,
    ],
    [
      "of hv1, stolen with hv1's datapath-id while hv1 is there",
      () => ours.files('hv1'),
      'hv1',
      /^datapath-id [0-9a-f]{16} is host hv1, which is connected already$/,
    ],
    ['of hv1, with a datapath-id of nobody', () => ours.files('hv1'), 'hv9', /^datapath-id [0-9a-f]{16} is no host/],
  ];
  /** The rogue's bridge dials, until it was refused for this reason; nobody else hears of it. */
  const dials = async (target: string, id: string, reason: RegExp): Promise<void> => {
    const before = await status();
    rogue().vsctl('--if-exists', 'del-br', 'rogue');
    const bridge = ['add-br', 'rogue', '--', 'set', 'bridge', 'rogue', 'fail_mode=secure'];
    rogue().vsctl(...bridge, `other-config:datapath-id=${datapathId(id)}`, 'protocols=OpenFlow15');
    rogue().vsctl('set-controller', 'rogue', target);
    await refused(/^ssl:127\.0\.0\.1$/, reason);
    expect(rogue().ofctl('dump-flows', 'rogue')).to.not.contain('table=');
    const after = await status();
    expect(after.hosts.map(({ name, state, flowModsSent }) => ({ name, state, flowModsSent }))).to.deep.equal(
      before.hosts.map(({ name, state, flowModsSent }) => ({ name, state, flowModsSent })),
    );
    expect(running?.output.stderr).to.match(new RegExp(`"peer refused: ${reason.source.replace(/^\^|\$$/g, '')}`));
    rogue().vsctl('del-br', 'rogue');
  };
  for (const [what, files, id, reason] of rogues)
    it(`refuses a switch with a certificate ${what}`, async () => {
      rogue().certify(files());
      // The rogue does not look who answers: only its own proof is judged.
      await dials(`ssl:127.0.0.1:${listen}`, id, reason);
    });

  it('says so where a switch does not take the controller for one', async () => {
    rogue().certify(theirs.files('hv1'));
    await dials(`ssl:127.0.0.1:${listen}`, 'hv1', /^the TLS handshake failed: tlsv1 alert /);
  });

  it('refuses plain TCP on the TLS port', async () => {
    await dials(`tcp:127.0.0.1:${listen}`, 'hv1', /^it does not speak TLS/);
  });

  it("refuses an OVSDB that shows another host's certificate, and changes nothing there", async () => {
    await running?.stop();
    const before = hosts.map((host) => host.vsctl('list', 'Bridge'));
    await run(file('swapped.yaml', topology(ports[1], ports[0])));
    await refused(/^ssl:127\.0\.0\.1/, /^this is to be host hv1, but the certificate is for hv2$/);
    await refused(/^ssl:127\.0\.0\.1/, /^this is to be host hv2, but the certificate is for hv1$/);
    const { hosts: seen } = await status();
    expect(seen.map(({ state }) => state)).to.deep.equal(['unreachable', 'unreachable']);
    expect(seen[0]?.errors.join()).to.contain('the certificate is for hv2');
    expect(hosts.map((host) => host.vsctl('list', 'Bridge'))).to.deep.equal(before);
  });

  it('is taken up again after a restart of the controller, with nothing sent', async () => {
    await running?.stop();
    await run(join(directory, 'topology.yaml'));
    await ready();
    expect((await status()).hosts.map(({ flowModsSent }) => flowModsSent)).to.deep.equal([0, 0]);
  });
});

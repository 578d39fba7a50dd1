/** The topology file: edits are applied while the controller runs, mistakes are told and change nothing. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { kakuri } from '../lab/kakuri.js';
import { eventually, type Installation, sleep, startInstallation } from './installation.js';
import { KEYS, networks } from './networks.js';

/** What is wrong, how the right file is made wrong, and what must be said of it. */
const MISTAKES: readonly (readonly [what: string, from: string | RegExp, to: string, said: RegExp])[] = [
  ['unknown key', 'tunnels: mesh', 'tunels: mesh', /unknown key "tunels": did you mean tunnels\?/],
  ['bad MAC', '02:00:00:00:01:01', '02:00:00:00:01', /02:00:00:00:01/],
  ['bad IP', '[192.168.0.1]', '[192.168.0.256]', /192\.168\.0\.256/],
  ['bad CIDR', '192.168.0.0/24', '192.168.0.0/33', /192\.168\.0\.0\/33/],
  ['address outside its subnet', '[192.168.0.1]', '[192.168.9.1]', /192\.168\.9\.1/],
  ['duplicate MAC in a network', '02:00:00:00:01:03', '02:00:00:00:01:01', /02:00:00:00:01:01/],
  ['duplicate IP in a network', '[192.168.0.3]', '[192.168.0.1]', /192\.168\.0\.1/],
  ['duplicate port in a network', 'red-vm3:', 'red-vm1:', /red-vm1 is given twice/],
  ['duplicate iface-id in the file', 'hosts: [hv2] }', 'hosts: [hv2], iface-id: green-vm1 }', /green-vm1/],
  ['duplicate tunnel key in the file', `key: ${KEYS.blue}`, `key: ${KEYS.red}`, new RegExp(`${KEYS.red}`)],
  ['key 0', `key: ${KEYS.red}`, 'key: 0', /key 0/],
  ['key too wide', `key: ${KEYS.red}`, 'key: 16777216', /16777216/],
  ['unknown host', 'hosts: [hv3]', 'hosts: [hv9]', /hv9/],
  ['no hosts', /hosts:\n( {2}hv.*\n)+/, 'hosts: {}\n', /host/],
  ['MTU too small for the encapsulation', 'mtu: 1500', 'mtu: 1300', /1280/],
  ['duplicate VTEP', '10.99.0.2', '10.99.0.1', /10\.99\.0\.1/],
  ['not YAML', 'tenants:', 'tenants: [', /YAML/],
];

describe('the topology file', function () {
  this.timeout(60_000);
  let net: Installation;
  let file: string;
  let right: string;

  /** Everything of a host that a mistake must not change: its database and its flows. */
  const everything = async () =>
    Promise.all(
      Object.keys(net.lab.ready.hosts).map(async (host) => {
        const flows = (await net.lab.flows(host)).map((f) =>
          f.replace(/ (duration|n_packets|n_bytes|idle_age|hard_age)=[^,]*,/g, ''),
        );
        const rows = await net.lab.vsctl(host, '--columns=_uuid,name,options,external_ids,ofport', 'list', 'Interface');
        const bridges = await net.lab.vsctl(
          host,
          '--columns=_uuid,name,ports,controller,other_config,external_ids',
          'list',
          'Bridge',
        );
        return { host, flows: flows.sort(), rows: rows.stdout, bridges: bridges.stdout };
      }),
    );

  before(async () => {
    net = await startInstallation(networks());
    await net.plugAll();
    file = net.lab.ready.topology;
    right = readFileSync(file, 'utf8');
  });
  after(() => net?.stop());
  afterEach(() => writeFileSync(file, right));

  it('is read again when it is edited, and applied', async () => {
    writeFileSync(file, right.replace(/red-vm3/g, 'red-vm9'));
    await eventually('the edit to be applied', async () => {
      const status = await net.status();
      return status.generation === 2 && status.ports.some((p) => p.name === 'red-vm9')
        ? true
        : JSON.stringify(status.ports);
    });
    await net.ready(Object.keys(net.lab.ready.vms).filter((vm) => vm !== 'red-vm3'));
    expect((await net.lab.ping('red-vm1', 'red-vm3')).received).to.equal(0);
    writeFileSync(file, right);
    await net.ready(Object.keys(net.lab.ready.vms));
    await eventually('red-vm3 to be reached again', async () =>
      (await net.lab.ping('red-vm1', 'red-vm3')).received === 1 ? true : 'no reply',
    );
  });

  it('gives a network another key without a packet for anybody else', async () => {
    writeFileSync(
      file,
      right.replace(new RegExp(`"?key"?: ${KEYS.red}`), (found) => found.replace(String(KEYS.red), '7777')),
    );
    await eventually('the new key on the wire', async () => {
      const flows = await net.lab.flows('hv1');
      return flows.some((f) => f.includes('set_field:0x1e61->tun_id')) &&
        !flows.some((f) => f.includes('set_field:0x65->tun_id'))
        ? true
        : 'old key';
    });
    await eventually('red to reach itself again', async () =>
      (await net.lab.ping('red-vm1', 'red-vm2', { timeout: 0.3 })).received === 1 ? true : 'no reply',
    );
    writeFileSync(file, right.replace(String(KEYS.red), '7777'));
  });

  it('changes nothing when it is broken by an edit, and says so', async () => {
    await net.ready();
    // The key that the last test gave red is let in for a while longer: wait until that is over.
    await eventually('the former key to be closed', async () => {
      const former = (await net.lab.flows('hv1')).filter((flow) => /tun_id=0x1e61|reg0=0x1e61/.test(flow));
      return former.length === 0 ? true : former.join();
    });
    await net.ready();
    const before = await everything();
    writeFileSync(file, right.replace('02:00:00:00:01:01', '02:00'));
    await eventually('the mistake to be told', async () =>
      net.kakuri.output.stderr.includes('nothing changed') ? true : 'not yet',
    );
    await sleep(300);
    expect(await everything()).to.deep.equal(before);
    expect((await net.lab.ping('red-vm1', 'red-vm2')).received).to.equal(1);
  });

  it('is refused by check and run with every mistake named, exit code 2, and no host is touched', async () => {
    await net.end();
    const before = await everything();
    const text = networks();
    for (const [what, from, to, said] of MISTAKES) {
      const wrong = text.replace(from, to);
      expect(wrong, what).to.not.equal(text);
      const path = join(net.lab.ready.dir, 'wrong.yaml');
      writeFileSync(path, wrong);
      const run = await kakuri(['run', path, '--once', '--state', net.lab.ready.dir]);
      expect(run.code, what).to.equal(2);
      expect(run.stderr, what)
        .to.match(/wrong\.yaml:\d+:\d+: /)
        .and.to.match(said);
    }
    expect(await everything()).to.deep.equal(before);
  });
});

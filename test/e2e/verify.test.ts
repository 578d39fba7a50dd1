/** `kakuri verify`, `dump` and `diff` on real switches: right tables are proved, and a flow planted in one is found. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readFolder } from '../../src/cli/dump-folder.js';
import {
  allocateKeys,
  EMPTY_MEMORY,
  parseTopology,
  type Topology,
  type TopologyDraft,
} from '../../src/topology/index.js';
import { kakuri } from '../lab/kakuri.js';
import { packetsInto } from '../verify/packets.js';
import { Random } from '../verify/random.js';
import { type Installation, startInstallation } from './installation.js';
import { networks } from './networks.js';
import { interpreted, tracedPorts } from './trace-check.js';

describe('verify, dump and diff', function () {
  this.timeout(60_000);
  let net: Installation;
  const directory = mkdtempSync(join(tmpdir(), 'kakuri-dumps-'));
  const today = join(directory, 'today');
  const later = join(directory, 'later');
  const run = (...args: string[]) => kakuri(args);
  const live = (...args: string[]) => kakuri([...args, '--api', net.kakuri.api]);

  /** The number of a VM's port on hv1, as saved. */
  const ofport = (vm: string) =>
    new RegExp(`(\\d+)\\(t-${vm}\\)`).exec(readFileSync(join(today, 'hv1', 'ports.txt'), 'utf8'))?.[1];

  before(async () => {
    net = await startInstallation(networks());
    await net.lab.plugAll();
    await net.ready(Object.keys(net.lab.ready.vms));
  });
  after(async () => {
    await net?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('proves the hosts of the running controller isolated', async () => {
    const { code, stdout, stderr } = await live('verify', '--json');
    expect(code, stdout + stderr).to.equal(0);
    const proof = JSON.parse(stdout);
    expect(proof).to.deep.include({ verdict: 'isolated', leaks: [], unproven: [], hosts: 3 });
    expect(proof.flows).to.be.greaterThan(100);
    expect(proof.seconds).to.be.a('number');
  });

  it('saves dumps that prove the same, and differ in nothing', async () => {
    expect((await live('dump', today)).code).to.equal(0);
    expect((await live('dump', later)).code).to.equal(0);
    const saved = await run('verify', '--dumps', today, '--json');
    expect(saved.code, saved.stdout + saved.stderr).to.equal(0);
    expect(JSON.parse(saved.stdout).verdict).to.equal('isolated');
    expect(await run('diff', today, later)).to.deep.include({ code: 0, stdout: '' });
  });

  it('reads the hosts of a file without a controller, and finds the same', async () => {
    const direct = join(directory, 'direct');
    const read = await run('dump', direct, '--topology', net.lab.ready.topology, '--state', directory);
    expect(read, read.stderr).to.deep.include({ code: 0, stdout: `3 hosts saved in ${direct}\n` });
    expect(await run('diff', today, direct)).to.deep.include({ code: 0, stdout: '' });
    expect((await readFolder(direct)).map(({ flows }) => flows.size)).to.deep.equal(
      (await readFolder(today)).map(({ flows }) => flows.size),
    );
  });

  it('says of each host without a local socket that it cannot be read without a controller', async () => {
    const file = join(directory, 'remote.yaml');
    const text = readFileSync(net.lab.ready.topology, 'utf8');
    writeFileSync(file, text.replaceAll(/unix:[^"'\s]*hv2\/db\.sock/g, 'tcp:127.0.0.1:1'));
    const direct = join(directory, 'half');
    const { code, stdout, stderr } = await run('dump', direct, '--topology', file, '--state', directory);
    expect(stderr).to.match(/^kakuri: hv2: OVSDB tcp:127\.0\.0\.1:1 is not a local socket/);
    expect({ code, stdout }).to.deep.equal({ code: 3, stdout: `2 hosts saved in ${direct}\n` });
  });

  it('explains the flows of saved dumps as those of the running hosts', async () => {
    interface Told {
      readonly owner: string;
      readonly table: string;
      readonly without: string;
      readonly why: string;
    }
    const told = ({ stdout }: { stdout: string }) =>
      (JSON.parse(stdout) as Told[])
        .map(({ owner, table, why, without }) => `${table}: ${owner}: ${why}; without it, ${without}`)
        .sort();
    const [now, saved] = [
      await live('flows', 'hv1', '--explain', '--json'),
      await run('flows', 'hv1', '--explain', '--json', '--dumps', today, '--state', directory),
    ];
    expect(saved.code, saved.stderr).to.equal(0);
    expect(told(saved)).to.have.length.greaterThan(100);
    expect(told(saved)).to.deep.equal(told(now));
    const red = await run('flows', '--tenant', 'red', '--explain', '--dumps', today, '--state', directory);
    expect(red.stdout).to.match(/^# hv1\n/);
    expect(red.stdout).to.include('Port red-vm1 of network web of tenant red, ');
    expect(red.stdout).to.not.include('tenant blue');
    const nobody = await run('flows', 'hv9', '--dumps', today, '--state', directory);
    expect([nobody.code, nobody.stderr.includes('no dump of host hv9')]).to.deep.equal([2, true]);
  });

  it('packs the evidence: dumps that prove the same again, versions, and checksums that hold', async () => {
    // ovs-ctl writes it where it starts Open vSwitch; the lab does without.
    await net.lab.vsctl('hv1', 'set', 'Open_vSwitch', '.', 'ovs_version=3.1.0');
    const [archive, again] = [join(directory, 'evidence.tar.gz'), join(directory, 'again.tar.gz')];
    const { code, stdout, stderr } = await live('evidence', archive);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/evidence\.tar\.gz: isolated, \d+ flows on 3 hosts\n$/);
    execFileSync('tar', ['-xzf', archive, '-C', directory]);
    const folder = join(directory, 'evidence');
    const checked = execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: folder, encoding: 'utf8' });
    expect(checked.split('\n').filter((line) => line.endsWith(': OK'))).to.have.length(3 * 5 + 4);
    const proved = await run('verify', '--dumps', folder, '--json');
    expect([proved.code, JSON.parse(proved.stdout).verdict]).to.deep.equal([0, 'isolated']);
    const { seconds: _, ...proof } = JSON.parse(proved.stdout);
    expect(JSON.parse(readFileSync(join(folder, 'proof.json'), 'utf8'))).to.deep.equal(proof);
    const { openVSwitch } = JSON.parse(readFileSync(join(folder, 'versions.json'), 'utf8'));
    expect(openVSwitch).to.deep.equal({ hv1: '3.1.0', hv2: 'unknown', hv3: 'unknown' });
    // Of what is saved already the archive is the same, octet for octet, whenever it is made.
    for (const file of [archive, again])
      expect((await run('evidence', file, '--dumps', today, '--state', directory)).code).to.equal(0);
    expect(readFileSync(archive).equals(readFileSync(again))).to.equal(true);
  });

  it('packs the evidence of a leak, too, and says so', async () => {
    const leaky = join(directory, 'leaky');
    cpSync(today, leaky, { recursive: true });
    const planted = ` cookie=0x77, table=0, n_packets=0, n_bytes=0, priority=50000,in_port=${ofport('red-vm1')},dl_type=0x88b5 actions=output:${ofport('blue-vm1')}\n`;
    appendFileSync(join(leaky, 'hv1', 'flows.txt'), planted);
    const archive = join(directory, 'leaky.tar.gz');
    const { code, stdout } = await run('evidence', archive, '--dumps', leaky, '--state', directory);
    expect([code, /leaky\.tar\.gz: leak, /.test(stdout)]).to.deep.equal([1, true]);
    const told = execFileSync('tar', ['-xzOf', archive, 'evidence/proof.txt'], { encoding: 'utf8' });
    expect(told).to.include('LEAK (G2) from red/web/red-vm1 to blue/web/blue-vm1');
    const nowhere = await run('evidence', join(directory, 'none', 'x.tar.gz'), '--dumps', today, '--state', directory);
    expect([nowhere.code, nowhere.stderr.includes('none/x.tar.gz')]).to.deep.equal([2, true]);
  });

  it('reads what ovs-ofctl itself prints, names included', async () => {
    const flows = await net.lab.flows('hv1');
    writeFileSync(join(later, 'hv1', 'flows.txt'), `${flows.join('\n')}\n`);
    expect(await run('diff', today, later)).to.deep.include({ code: 0, stdout: '' });
  });

  it('carries packets out as ofproto/trace does', async () => {
    const { topology } = allocateKeys(
      parseTopology(readFileSync(join(today, 'topology.yaml'), 'utf8'), 'topology.yaml').draft as TopologyDraft,
      EMPTY_MEMORY,
      0,
    );
    const random = new Random(7);
    let leaving = 0;
    for (const dump of await readFolder(today)) {
      const packets = packetsInto(topology as Topology, {
        name: dump.host,
        flows: [],
        groups: [],
        ports: [...dump.ports.values()],
      });
      for (let i = 0; i < 25; i++) {
        const { flow, ports } = interpreted(dump, random.pick(packets));
        const { stdout, stderr } = await net.lab.appctl(dump.host, 'ofproto/trace', 'br-int', flow);
        expect(tracedPorts(stdout), `${dump.host} ${flow}\n${stderr}${stdout}`).to.deep.equal(ports);
        leaving += ports.length;
      }
    }
    expect(leaving, 'packets that leave at all').to.be.greaterThan(5);
  });

  it('shows a planted leak with packet and way', async () => {
    const [red, blue] = [ofport('red-vm1'), ofport('blue-vm1')];
    expect(red).to.not.equal(undefined);
    const planted = ` cookie=0x77, table=0, n_packets=0, n_bytes=0, priority=50000,in_port=${red},dl_type=0x88b5 actions=output:${blue}\n`;
    const file = join(later, 'hv1', 'flows.txt');
    writeFileSync(file, readFileSync(file, 'utf8') + planted);
    const { code, stdout } = await run('verify', '--dumps', later, '--json');
    expect(code).to.equal(1);
    const proof = JSON.parse(stdout);
    expect(proof.verdict).to.equal('leak');
    const [leak] = proof.leaks;
    expect(leak).to.deep.include({ from: 'red/web/red-vm1', to: 'blue/web/blue-vm1', goal: 'G2', host: 'hv1' });
    expect(leak.packet).to.match(/^[0-9a-f]{24}88b5/);
    expect(leak.path[0]).to.deep.include({ owner: 'foreign', cookie: '0x77', table: 0 });
    const difference = await run('diff', today, later);
    expect(difference.code).to.equal(1);
    expect(difference.stdout).to.match(/^# hv1\n\+ .*priority=50000/);
    const text = await run('verify', '--dumps', later);
    expect(text.stdout).to.match(/LEAK \(G2\) from red\/web\/red-vm1 to blue\/web\/blue-vm1/);
  });

  it('finds a foreign flow in br-int live, and names it', async () => {
    const match = `table=0,priority=50001,in_port=${ofport('red-vm1')},dl_type=0x88b6`;
    const ofctl = ['-O', 'OpenFlow15'];
    await net.lab.ofctl('hv1', [
      ...ofctl,
      'add-flow',
      'br-int',
      `cookie=0x78,${match},actions=output:${ofport('blue-vm1')}`,
    ]);
    const { code, stdout } = await live('verify', '--json');
    await net.lab.ofctl('hv1', [...ofctl, '--strict', 'del-flows', 'br-int', match]);
    expect(code).to.equal(1);
    const [leak] = JSON.parse(stdout).leaks;
    expect(leak).to.deep.include({ from: 'red/web/red-vm1', to: 'blue/web/blue-vm1', host: 'hv1' });
    expect(leak.packet).to.match(/^[0-9a-f]{24}88b6/);
    expect(leak.path[0]).to.deep.include({ owner: 'foreign', cookie: '0x78', why: 'not installed by Kakuri' });
  });

  it('finds a leak between ports of VMs in another bridge live, and in the saved dumps of it', async () => {
    const port = (name: string, vm: string) =>
      `-- add-port br-theirs ${name} -- set Interface ${name} type=internal external_ids:iface-id=${vm}`.split(' ');
    const bridge = '-- add-br br-theirs -- set Bridge br-theirs datapath_type=netdev fail_mode=secure'.split(' ');
    await net.lab.vsctl('hv1', ...bridge.slice(1), ...port('in-red', 'red-vm1'), ...port('in-blue', 'blue-vm1'));
    const config = (...words: string[]) => net.lab.vsctl('hv1', ...words);
    const unproven = async (why: RegExp) => {
      const said = JSON.parse((await live('verify', '--json')).stdout);
      expect(said.verdict).to.equal('unproven');
      expect(said.unproven.join('\n')).to.match(why);
    };
    // In-band control is on there, as it is unless somebody turns it off.
    await unproven(/^hv1\/br-theirs: in-band control is not off/);
    const hiding = join(directory, 'hiding');
    const direct = ['--topology', net.lab.ready.topology, '--state', directory];
    expect((await run('dump', hiding, ...direct)).code).to.equal(0);
    expect((await run('verify', '--dumps', hiding)).stdout).to.match(
      /^unproven[\s\S]*hv1\/br-theirs: in-band control is not off/,
    );
    await config('set', 'Bridge', 'br-theirs', 'other_config:disable-in-band=true', 'fail_mode=standalone');
    await config('set-controller', 'br-theirs', 'tcp:127.0.0.1:1');
    await unproven(/^hv1\/br-theirs: its fail_mode is not secure/);
    await config('set-fail-mode', 'br-theirs', 'secure');
    const quiet = JSON.parse((await live('verify', '--json')).stdout);
    expect(quiet).to.deep.include({ verdict: 'isolated', hosts: 3 });
    const [red, blue] = await Promise.all(
      ['in-red', 'in-blue'].map(async (name) =>
        (await net.lab.vsctl('hv1', 'get', 'Interface', name, 'ofport')).stdout.trim(),
      ),
    );
    await net.lab.ofctl('hv1', ['add-flow', 'br-theirs', `in_port=${red},dl_type=0x88b5,actions=output:${blue}`]);
    const found = JSON.parse((await live('verify', '--json')).stdout);
    expect(found.verdict).to.equal('leak');
    expect(found.leaks[0]).to.deep.include({
      from: 'red/web/red-vm1',
      to: 'blue/web/blue-vm1',
      host: 'hv1/br-theirs',
    });
    expect(found.leaks[0].packet).to.match(/^[0-9a-f]{24}88b5/);
    const saved = join(directory, 'bridges');
    expect((await live('dump', saved)).code).to.equal(0);
    expect(JSON.parse((await run('verify', '--dumps', saved, '--json')).stdout).verdict).to.equal('leak');
    rmSync(join(saved, 'hv1', 'br-theirs'), { recursive: true });
    const blind = JSON.parse((await run('verify', '--dumps', saved, '--json')).stdout);
    expect(blind.verdict).to.equal('unproven');
    expect(blind.unproven.join('\n')).to.match(/hv1: red\/web\/red-vm1 is in another bridge \(interface in-red\)/);
    await net.lab.vsctl('hv1', 'del-br', 'br-theirs');
  });

  it('tells every mistake of a dump with file, line and column', async () => {
    const file = join(later, 'hv2', 'flows.txt');
    const lines = readFileSync(file, 'utf8').split('\n').length;
    writeFileSync(file, `${readFileSync(file, 'utf8').trimEnd()}\n table=0, priority=5,in_prot=1 actions=drop\n`);
    const { code, stderr } = await run('verify', '--dumps', later);
    expect(code).to.equal(2);
    expect(stderr).to.include(`hv2/flows.txt:${lines}:22: `);
  });
});

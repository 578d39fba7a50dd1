/** `kakuri verify --dumps`: hosts of another controller, from text alone; what is said of files with mistakes. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readHidden, writeFolder } from '../../src/cli/dump-folder.js';
import { kakuri } from '../lab/kakuri.js';

const PORTS = ` 1(tap-red): addr:02:00:00:00:00:01
 2(tap-blue): addr:02:00:00:00:00:02
 3(tap-red2): addr:02:00:00:00:00:03
 LOCAL(br0): addr:02:00:00:00:00:04
`;
const row = (name: string, ofport: number): string =>
  `name : ${name}\nofport : ${ofport}\ntype : ""\noptions : {}\nexternal_ids : {}\n`;
const INTERFACES = [row('tap-red', 1), row('tap-blue', 2), row('tap-red2', 3)].join('\n');

describe('kakuri verify --dumps', function () {
  this.timeout(30_000);
  const directory = mkdtempSync(join(tmpdir(), 'kakuri-verify-'));
  const tenants = join(directory, 'tenants.yaml');
  after(() => rmSync(directory, { recursive: true, force: true }));

  /** A folder with one host, and what `verify` says of it. */
  async function verify(flows: string, more: Readonly<Record<string, string>> = {}) {
    const folder = mkdtempSync(join(directory, 'dump-'));
    mkdirSync(join(folder, 'hv1'));
    const files = { 'flows.txt': flows, 'ports.txt': PORTS, 'interfaces.txt': INTERFACES, ...more };
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, 'hv1', file), text);
    return { folder, ...(await kakuri(['verify', '--dumps', folder, '--tenants', tenants])) };
  }
  const OWN = 'in_port=1,actions=output:3\nin_port=3,actions=output:1\n';

  it('proves hosts of another controller, and finds a leak in words', async () => {
    writeFileSync(tenants, 'tap-red: red\ntap-red2: red\ntap-blue: blue\n');
    const right = await verify(OWN);
    expect(right.code, right.stdout + right.stderr).to.equal(0);
    expect(right.stdout).to.match(/^isolated: 2 flows on 1 hosts/);
    const wrong = await verify(`${OWN}priority=40000,arp,in_port=1,actions=output:2\n`);
    expect(wrong.code).to.equal(1);
    expect(wrong.stdout)
      .to.include('from tap-red to tap-blue')
      .and.include('a packet of red reaches tap-blue, which is blue’s');
  });

  it('is unproven where the folder says that a host may have flows that it does not show', async () => {
    writeFileSync(tenants, 'tap-red: red\ntap-red2: red\ntap-blue: blue\n');
    const { code, stdout } = await verify(OWN, { 'hidden.txt': 'in-band control is not off\n' });
    expect(code).to.equal(1);
    expect(stdout)
      .to.match(/^unproven/)
      .and.include('not proved: hv1: in-band control is not off');
  });

  it('`dump` saves why a host may have flows that it does not show, and takes it back', async () => {
    const folder = join(directory, 'saved');
    const texts = { flows: OWN, groups: '', meters: '', ports: PORTS, interfaces: INTERFACES };
    const report = { topology: '', former: {}, hosts: [{ host: 'hv1', texts }] };
    const [host] = report.hosts;
    await writeFolder(folder, { ...report, hosts: [{ ...host, host: 'hv1', hidden: 'its fail_mode is not secure' }] });
    expect(await readHidden(folder)).to.deep.equal(['hv1: its fail_mode is not secure']);
    await writeFolder(folder, report);
    expect(await readHidden(folder)).to.deep.equal([]);
  });

  it('follows hidden flows that ovs-appctl bridge/dump-flows shows', async () => {
    writeFileSync(tenants, 'tap-red: red\ntap-red2: red\ntap-blue: blue\n');
    const hidden =
      'duration=9s, n_packets=0, n_bytes=0, priority=180008,tcp,nw_src=10.0.0.1,tp_src=6653,actions=NORMAL\n';
    const { code, stdout } = await verify(`${OWN}${hidden}`);
    expect(code).to.equal(1);
    expect(stdout)
      .to.match(/^unproven/)
      .and.match(/NORMAL, a learning switch/);
  });

  it('tells every mistake of a dump with file, line and column, exit code 2', async () => {
    const { folder, code, stdout, stderr } = await verify(`${OWN}in_port=1,actions=outptu:2\nin_prot=1,actions=drop\n`);
    expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
    expect(stderr).to.include(`${folder}/hv1/flows.txt:3:19: `).and.include(`${folder}/hv1/flows.txt:4:1: `);
  });

  it('tells every mistake of the tenants’ file with line and column, exit code 2', async () => {
    const said = async (text: string): Promise<string> => {
      writeFileSync(tenants, text);
      const { code, stderr } = await verify(OWN);
      expect(code, text).to.equal(2);
      return stderr;
    };
    const two = await said('tap-red: red\ntap-blue: [blue]\ntap-red2:\n');
    expect(two).to.include(`${tenants}:2:11: PORT: TENANT expected`).and.include(`${tenants}:3:1: `);
    expect(await said('- tap-red\n')).to.include(`${tenants}:1:1: PORT: TENANT expected`);
    expect(await said('')).to.include(`${tenants}:1:1: PORT: TENANT expected`);
    expect(await said('tap-red: red\ntap-red: blue\n')).to.include(`${tenants}:2:1: `);
    expect(await said('tap-red: "red\n')).to.match(/tenants\.yaml:\d+:\d+: /);
    rmSync(tenants);
    expect((await verify(OWN)).stderr).to.include(tenants);
  });
});

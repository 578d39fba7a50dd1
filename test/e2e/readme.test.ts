/** The README shows what a newcomer sees: its examples of the proof, trace, plan and explanation, on the shipped topology. */
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { kakuri } from '../lab/kakuri.js';
import { ROOT } from '../lab/lab.js';
import { type Installation, startInstallation } from './installation.js';
import { expectShape, expectShown, shapeShown, shown } from './readme-text.js';

const TWO_TENANTS = join(ROOT, 'topologies/two-tenants.yaml');

describe('the README', function () {
  this.timeout(60_000);
  let net: Installation;
  const directory = mkdtempSync(join(tmpdir(), 'kakuri-readme-'));
  const [today, later] = [join(directory, 'today'), join(directory, 'later')];
  const next = join(directory, 'next.yaml');
  const live = (...args: string[]) => kakuri([...args, '--api', net.kakuri.api]);
  const json = async (said: Promise<{ readonly stdout: string }>): Promise<unknown> => JSON.parse((await said).stdout);

  before(async () => {
    net = await startInstallation(readFileSync(TWO_TENANTS, 'utf8'));
    await net.plugAll();
    expect((await live('dump', today)).code).to.equal(0);
    cpSync(today, later, { recursive: true });
    const ofport = (vm: string) =>
      new RegExp(`(\\d+)\\(t-${vm}\\)`).exec(readFileSync(join(today, 'hv1', 'ports.txt'), 'utf8'))?.[1];
    const planted = `priority=50000,in_port=${ofport('red-vm1')},dl_type=0x88b5 actions=output:${ofport('blue-vm1')}`;
    appendFileSync(join(later, 'hv1', 'flows.txt'), ` cookie=0x77, table=0, n_packets=0, n_bytes=0, ${planted}\n`);
    const vm3 = '          red-vm3: { mac: "02:00:00:00:01:03", ips: [192.168.0.3], hosts: [hv2] }\n';
    const text = readFileSync(TWO_TENANTS, 'utf8');
    writeFileSync(next, text.replace(/( +red-vm2: .*\n)/, `$1${vm3}`));
  });
  after(async () => {
    await net?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('shows the proof of the shipped topologies, with as many flows as they have', async () => {
    const { stdout } = await live('verify');
    const [first] = shown('kakuri verify            # topologies/two-tenants.yaml');
    expect(stdout.trim().replace(/[\d.]+ s$/, '')).to.equal(first?.replace(/[\d.]+ s$/, ''));
    const flows = [1, 2, 3].flatMap((n) =>
      readFileSync(join(ROOT, `flows/overlap/hv${n}.flows`), 'utf8')
        .split('\n')
        .filter((line) => line.includes('actions=')),
    );
    const [second] = shown('kakuri verify            # topologies/overlap.yaml');
    expect(second).to.match(new RegExp(`^isolated: ${flows.length} flows on 3 hosts`));
  });

  it('shows a leak', async () => {
    const { code, stdout } = await kakuri(['verify', '--dumps', later]);
    expect(code).to.equal(1);
    expectShown('kakuri verify --dumps later', stdout);
  });

  it('shows a trace, and why a packet is dropped', async () => {
    const { code, stdout } = await live('trace', 'red-vm1', 'red-vm2', '--tcp', '80', '--confirm');
    expect(code).to.equal(0);
    expectShown('kakuri trace red-vm1 red-vm2 --tcp 80 --confirm', stdout);
    const forged = 'ip,nw_src=192.168.0.9,nw_dst=192.168.0.2';
    const dropped = await live('trace', 'red-vm1', 'red-vm2', '--packet', forged);
    expectShown(`kakuri trace red-vm1 red-vm2 --packet ${forged}`, dropped.stdout);
  });

  it('shows flows explained', async () => {
    const { stdout } = await live('flows', 'hv1', '--tenant', 'red', '--explain');
    expectShown('kakuri flows hv1 --tenant red --explain', stdout);
    expect(stdout.split('\n').filter((line) => line.startsWith('cookie='))).to.have.length(25);
  });

  it('shows a plan', async () => {
    const { stdout } = await kakuri([
      'plan',
      next,
      '--offline',
      '--from',
      TWO_TENANTS,
      '--summary',
      '--state',
      directory,
    ]);
    const command = 'kakuri plan next.yaml --offline --from topologies/two-tenants.yaml --summary';
    expect(stdout.trimEnd().split('\n')).to.deep.equal(shown(command));
  });

  it('tells what JSON there is', async () => {
    const verify = shapeShown('kakuri verify --json');
    expectShape(verify, await json(live('verify', '--json')));
    const leak = await json(kakuri(['verify', '--dumps', later, '--json']));
    expect(leak).to.have.property('leaks').with.length.at.least(1);
    expectShape(verify, leak);
    const differences = await json(kakuri(['diff', today, later, '--json']));
    expect(differences).to.have.length(1);
    expectShape(shapeShown('kakuri diff yesterday today --json'), differences);
    const trace = shapeShown('kakuri trace red-vm1 red-vm2 --confirm --json');
    expectShape(trace, await json(live('trace', 'red-vm1', 'red-vm2', '--confirm', '--json')));
    expectShape(trace, await json(live('trace', 'red-vm1', 'blue-vm2', '--json')));
    const plan = await json(live('plan', next, '--state', directory, '--json'));
    expectShape(shapeShown('kakuri plan next.yaml --json'), plan);
    const offline = ['--offline', '--from', TWO_TENANTS, '--state', directory];
    const made = await json(kakuri(['plan', next, ...offline, '--json']));
    expect(made).to.have.property('gained').with.length(4);
    expectShape(shapeShown('kakuri plan next.yaml --json'), made);
  });
});

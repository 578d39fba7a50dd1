/**
 * `kakuri plan` and `kakuri apply` on real hypervisors: what was predicted is what is there afterwards, in flows and in
 * packets; a plan that is no longer true is refused, and changes nothing.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { kakuri } from '../lab/kakuri.js';
import { type Installation, startInstallation } from './installation.js';
import { networks } from './networks.js';

interface HostPlan {
  readonly name: string;
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly modify: readonly string[];
}

interface PlanJson {
  readonly changes: readonly string[];
  readonly hosts: readonly HostPlan[];
  readonly gained: readonly { readonly from: string; readonly to: string }[];
  readonly lost: readonly { readonly from: string; readonly to: string }[];
  readonly proof: { readonly verdict: string };
}

describe('kakuri plan and apply', function () {
  this.timeout(120_000);
  const directory = mkdtempSync(join(tmpdir(), 'kakuri-test-'));
  const next = join(directory, 'next.yaml');
  const saved = join(directory, 'next.plan');
  let net: Installation;
  let right: string;

  const api = () => ['--api', net.kakuri.api];
  const plan = async (...more: string[]): Promise<PlanJson> => {
    const { code, stdout, stderr } = await kakuri(['plan', next, ...api(), '--json', ...more]);
    expect(code, stderr).to.equal(0);
    return JSON.parse(stdout) as PlanJson;
  };
  const apply = (...more: string[]) => kakuri(['apply', next, '--plan', saved, ...api(), ...more]);

  /** Every host's flows with names of ports, without cookies and counters, as the plan has them. */
  const tables = async (): Promise<ReadonlyMap<string, readonly string[]>> => {
    const hosts = Object.keys(net.lab.ready.hosts);
    const found = await Promise.all(
      hosts.map(async (host) => {
        const flows = await net.lab.flows(host, { names: true });
        return [
          host,
          flows
            .map((flow) => flow.replace(/\b(cookie|duration|n_packets|n_bytes|idle_age)=[^,]*, ?/g, '').trim())
            .sort(),
        ] as const;
      }),
    );
    return new Map(found);
  };
  /** The lab's file, which is JSON, without a port of red's. */
  const without = (port: string): string => {
    const file = JSON.parse(right) as { tenants: { red: { networks: { web: { ports: Record<string, unknown> } } } } };
    const { ports } = file.tenants.red.networks.web;
    expect(ports).to.have.property(port);
    delete ports[port];
    return JSON.stringify(file, undefined, 2);
  };
  const flowMods = async () => (await net.status()).hosts.reduce((sum, { flowModsSent }) => sum + flowModsSent, 0);

  before(async () => {
    net = await startInstallation(networks());
    await net.plugAll();
    right = readFileSync(net.lab.ready.topology, 'utf8');
  });
  after(async () => {
    await net?.stop();
    rmSync(directory, { recursive: true });
  });
  beforeEach(() => writeFileSync(next, right));

  it('of the file that is in effect has nothing to say, and changes nothing', async () => {
    const sent = await flowMods();
    const { code, stdout } = await kakuri(['plan', next, ...api()]);
    expect([code, stdout.trim()]).to.deep.equal([0, 'nothing changes: every host holds what the file asks for']);
    expect(await flowMods()).to.equal(sent);
  });

  it('predicts flows and pairs; applied, they are there, and packets agree', async () => {
    // red-vm2 leaves the file.
    const edited = without('red-vm2');
    writeFileSync(next, edited);
    const before = await tables();
    const sent = await flowMods();
    const predicted = await plan('--out', saved);
    expect(await tables(), 'a plan changes nothing').to.deep.equal(before);
    expect(await flowMods()).to.equal(sent);
    expect(predicted.changes).to.deep.equal(['port red/web/red-vm2 removed']);
    expect(predicted.gained).to.deep.equal([]);
    expect(predicted.lost).to.deep.include({ from: 'red/web/red-vm1', to: 'red/web/red-vm2' });
    expect(predicted.proof.verdict).to.equal('isolated');

    const { code, stdout, stderr } = await apply();
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/^applied: generation \d+, confirmed by 3 hosts/);
    expect(readFileSync(net.lab.ready.topology, 'utf8')).to.equal(edited);
    const now = await tables();
    for (const [host, was] of before) {
      const is = now.get(host) ?? [];
      const added = is.filter((flow) => !was.includes(flow));
      const gone = was.filter((flow) => !is.includes(flow));
      const { add = [], remove = [], modify = [] } = predicted.hosts.find(({ name }) => name === host) ?? {};
      expect(added.length, `added on ${host}`).to.equal(add.length + modify.length);
      expect(gone.length, `gone on ${host}`).to.equal(remove.length + modify.length);
    }
    for (const { from, to } of predicted.lost) {
      const [a, b] = [from, to].map((path) => path.split('/')[2] as string) as [string, string];
      expect((await net.lab.ping(a, b, { count: 2, timeout: 0.5 })).received, `${a} → ${b}`).to.equal(0);
    }
    expect((await net.lab.ping('red-vm1', 'red-vm3', { count: 2, timeout: 1 })).received).to.equal(2);

    // And back: what was lost is gained again.
    writeFileSync(next, right);
    const back = await plan('--out', saved);
    expect(back.gained).to.have.deep.members(predicted.lost);
    expect((await apply()).code).to.equal(0);
    expect(await tables()).to.deep.equal(before);
    expect((await net.lab.ping('red-vm1', 'red-vm2', { count: 2, timeout: 1 })).received).to.equal(2);
  });

  it('refuses a plan when a concerned host changed, says which and what, and changes nothing', async () => {
    writeFileSync(next, without('red-vm2'));
    const made = await plan('--out', saved);
    const [concerned] = made.hosts;
    if (concerned === undefined) throw new Error('a host changes');
    await net.lab.ofctl(concerned.name, [
      '-O',
      'OpenFlow15',
      'add-flow',
      'br-int',
      'table=99,priority=7,ip actions=drop',
    ]);
    const sent = await flowMods();
    const before = await tables();
    const { code, stderr } = await apply();
    expect(code).to.equal(1);
    expect(stderr).to.include(`${concerned.name} is not as it was:`);
    expect(stderr).to.match(/\+ .*table=99.*priority=7/);
    expect(await tables()).to.deep.equal(before);
    expect(await flowMods()).to.equal(sent);
    expect(readFileSync(net.lab.ready.topology, 'utf8')).to.equal(right);
    await net.lab.ofctl(concerned.name, [
      '-O',
      'OpenFlow15',
      '--strict',
      'del-flows',
      'br-int',
      'table=99,priority=7,ip',
    ]);
    await net.ready();
    expect((await apply()).code, 'it is as it was again').to.equal(0);
    writeFileSync(next, right);
    await plan('--out', saved);
    expect((await apply()).code).to.equal(0);
  });

  it('refuses a plan when the topology is another, or the file is not the one it was made of', async () => {
    writeFileSync(next, without('red-vm2'));
    await plan('--out', saved);
    writeFileSync(next, without('red-vm3'));
    const other = await apply();
    expect(other.code).to.equal(1);
    expect(other.stderr).to.include('is not the file that the plan was made of');
    expect(other.stderr).to.include('port red/web/red-vm3 removed');
    expect(readFileSync(net.lab.ready.topology, 'utf8')).to.equal(right);
  });

  it('tells bad input with its place, exit code 2, and changes nothing', async () => {
    writeFileSync(next, right.replace('02:00:00:00:01:01', '02:00:00:00:01'));
    const bad = await kakuri(['plan', next, ...api(), '--out', join(directory, 'none.plan')]);
    expect(bad.code).to.equal(2);
    expect(bad.stderr).to.match(/next\.yaml:\d+:\d+: .*02:00:00:00:01/);
    writeFileSync(saved, '{}');
    const noPlan = await apply();
    expect([noPlan.code, /not a plan that kakuri plan --out wrote/.test(noPlan.stderr)]).to.deep.equal([2, true]);
    writeFileSync(saved, 'nonsense');
    expect((await apply()).code).to.equal(2);
    const nobody = await kakuri(['plan', next, '--api', 'http://127.0.0.1:1']);
    expect(nobody.code).to.be.oneOf([2, 3]);
    const both = await kakuri(['plan', next, '--from', next]);
    expect([both.code, both.stderr.includes('--from goes with --offline')]).to.deep.equal([2, true]);
    expect(readFileSync(net.lab.ready.topology, 'utf8')).to.equal(right);
  });

  it('--offline asks no host', async () => {
    writeFileSync(next, right);
    const { code, stdout, stderr } = await kakuri([
      'plan',
      next,
      '--offline',
      '--json',
      '--state',
      join(directory, 'state'),
    ]);
    expect(code, stderr).to.equal(0);
    const { hosts, gained } = JSON.parse(stdout) as PlanJson;
    expect(hosts.map(({ name }) => name)).to.deep.equal(['hv1', 'hv2', 'hv3']);
    expect(hosts.every(({ add, remove }) => add.length > 50 && remove.length === 0)).to.equal(true);
    expect(gained).to.deep.include({ from: 'red/web/red-vm1', to: 'red/web/red-vm2' });
  });
});

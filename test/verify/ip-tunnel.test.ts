/**
 * The proof over IP tunnels: a key is its network's on the tunnel port without Ethernet, and on that one alone. Kakuri's own
 * tables come out isolated, and each defect planted in them is found with a packet.
 */
import { expect } from 'chai';
import { bindings, desiredState, desiredTunnels } from '../../src/desired/index.js';
import type { Topology } from '../../src/topology/index.js';
import { type HostDump, hostDump, kakuriSpec, verify } from '../../src/verify/index.js';
import { topologyOf, worldOf } from '../world.js';
import { hostOf, port } from './flows.js';

/** Red and blue by IP tunnels, green by GRE between the same hosts. */
const base = topologyOf({ tenants: ['red', 'blue', 'green'], encapsulation: 'ip-tunnel' });
const TOPOLOGY: Topology = {
  ...base,
  networks: base.networks.map((n) => (n.tenant === 'green' ? { ...n, encapsulation: 'gre' as const } : n)),
};
const key = (tenant: string): string =>
  `0x${(TOPOLOGY.networks.find((n) => n.tenant === tenant)?.key ?? 0).toString(16)}`;
const [GRE = 0, L3 = 0] = ['legacy_l2', 'legacy_l3'].map(
  (kind) => desiredTunnels(TOPOLOGY, 'hv1').findIndex(({ options }) => options.packet_type === kind) + 1,
);
const tunnels = (host: string) =>
  desiredTunnels(TOPOLOGY, host).map(({ name, type, options }, i) => port(i + 1, name, { type, options }));
const vms = (n: number) =>
  ['red', 'blue', 'green'].map((tenant, i) => port(10 + i, `${tenant}${n}`, { ifaceId: `${tenant}-vm${n}` }));
const OTHER = hostDump({ host: 'hv2', flows: [], ports: [...tunnels('hv2'), ...vms(2)] });

/** Goal, from and to of each leak. */
function leaks(...flows: string[]): string[] {
  const dumps: readonly HostDump[] = [hostOf(flows, [...tunnels('hv1'), ...vms(1)]), OTHER];
  const { verdict, leaks: found } = verify(dumps, kakuriSpec(TOPOLOGY, dumps));
  expect(verdict).to.equal(found.length === 0 ? 'isolated' : 'leak');
  return found.map(({ goal, from, to }) => `${goal} ${from} → ${to}`);
}
const send = (tenant: string, by: number): string => `set_field:${key(tenant)}->tun_id,output:${by}`;

describe('verify: IP tunnels', () => {
  it('stands beside GRE between the same hosts', () => {
    expect([GRE, L3].sort()).to.deep.equal([1, 2]);
  });

  it('G1: a packet leaves with the key of its own network, by the port on which that is its key', () => {
    expect(leaks(`in_port=10,actions=${send('red', L3)}`)).to.deep.equal([]);
    expect(leaks(`in_port=12,actions=${send('green', GRE)}`)).to.deep.equal([]);
    expect(leaks(`in_port=10,actions=${send('blue', L3)}`), 'wrong key').to.have.length(1);
    expect(leaks(`in_port=10,actions=output:${L3}`), 'no key').to.have.length(1);
    expect(leaks(`in_port=10,actions=${send('red', GRE)}`), 'with Ethernet').to.have.length(1);
    expect(leaks(`in_port=12,actions=${send('green', L3)}`), 'without Ethernet').to.have.length(1);
  });

  it('G3 and G4: what comes is the key’s network’s, by the port on which that is its key', () => {
    const from = (tenant: string, by: number, to: number) =>
      `in_port=${by},tun_src=10.99.0.2,tun_id=${key(tenant)},actions=output:${to}`;
    expect(leaks(from('red', L3, 10))).to.deep.equal([]);
    expect(leaks(from('red', L3, 11)), 'another tenant').to.have.length(1);
    expect(leaks(from('red', GRE, 10)), 'with Ethernet').to.have.length(1);
    expect(leaks(from('green', L3, 12)), 'without Ethernet').to.have.length(1);
    expect(leaks(`in_port=${L3},tun_src=10.99.0.2,actions=output:10`), 'any key').to.have.length.greaterThan(0);
    expect(leaks(from('red', L3, GRE)), 'on to a tunnel').to.have.length(1);
  });
});

for (const mode of ['mesh', 'flow'] as const)
  describe(`verify: Kakuri’s own tables for IP tunnels, ${mode}`, () => {
    const world = worldOf({ hosts: 3, ports: 3, dual: true, encapsulation: 'ip-tunnel', tunnels: mode });
    const bound = bindings(world);
    const told = world.topology.hosts.map(({ name }) => {
      const { ports, peers, sends } = desiredState(world, name, bound);
      return [name, { ports, peers, sends }] as const;
    });
    const desired = (host: string) => desiredState({ ...world, confirmed: new Map(told) }, host, bound);
    /** The dumps, with one flow of hv1 as `change` has it (undefined: without it). */
    function dumps(change: (flow: ReturnType<typeof desired>['flows'][number]) => object | undefined) {
      return world.topology.hosts.map(({ name }) =>
        hostDump({
          host: name,
          flows: desired(name).flows.flatMap(({ table_id, priority, cookie, match, instructions }, i) => {
            const flow = { table_id, priority, cookie, match, instructions };
            const changed = name === 'hv1' ? change(desired(name).flows[i] as never) : flow;
            return changed === undefined ? [] : [{ ...flow, ...changed }];
          }),
          groups: desired(name).groups.map(({ group_id, buckets }) => ({ group_id, type: 'all', buckets })),
          ports: [
            ...(world.facts.get(name)?.tunnels ?? []).map(({ name: n, ofport = 0 }) => {
              const { type = '', options = {} } =
                desiredTunnels(world.topology, name).find((tunnel) => tunnel.name === n) ?? {};
              return port(ofport, n, { type, options });
            }),
            ...(world.facts.get(name)?.interfaces ?? []).map(({ name: n, ofport = 0, ifaceId = '' }) =>
              port(ofport, n, { ifaceId }),
            ),
          ],
        }),
      );
    }
    const judged = (change: Parameters<typeof dumps>[0]) => {
      const all = dumps(change);
      return verify(all, kakuriSpec(world.topology, all)).verdict;
    };

    it('are isolated', () => {
      expect(judged((flow) => flow)).to.equal('isolated');
    });

    it('send no broadcast to another host', () => {
      expect(desired('hv1').groups.map(({ buckets }) => buckets.length)).to.deep.equal([0, 0]);
    });

    it('are found out with a key that is another network’s', () => {
      const [red, blue] = world.topology.networks.map((n) => BigInt(n.key));
      let changed = 0;
      const verdict = judged((flow) => {
        const text = JSON.stringify(flow.instructions, (_, v) => (typeof v === 'bigint' ? `${v}n` : v));
        if (flow.table_id !== 30 || !text.includes(`"${red}n"`)) return flow;
        changed += 1;
        const swapped = flow.instructions.map((i) =>
          'actions' in i
            ? { ...i, actions: i.actions?.map((a) => ('value' in a && a.value === red ? { ...a, value: blue } : a)) }
            : i,
        );
        return { instructions: swapped };
      });
      expect(changed).to.be.greaterThan(0);
      expect(verdict).to.equal('leak');
    });

    it('are found out where any key is taken for a network’s', () => {
      let changed = 0;
      const verdict = judged((flow) => {
        if (flow.table_id !== 0 || flow.match.tun_id === undefined || flow.priority !== 100) return flow;
        changed += 1;
        const { tun_id, ...match } = flow.match;
        return { match };
      });
      expect(changed).to.be.greaterThan(0);
      expect(verdict).to.equal('leak');
    });
  });

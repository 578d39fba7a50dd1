/**
 * What is sent is read back as what was wanted, in every version of OpenFlow, on a real switch: the canonical spelling is
 * right for every field and action the pipeline emits, and nothing is sent twice.
 */
import { expect } from 'chai';
import { connect, type OpenFlowVersion, type Session } from 'ts-openflow';
import { bindings, type DesiredState, desiredState } from '../../src/desired/index.js';
import { difference, digestOfFlows, flowModCount, isEmpty } from '../../src/diff/index.js';
import { sendPlan } from '../../src/session/send-plan.js';
import {
  readCounted,
  readGroups,
  readMeters,
  readOwners,
  readTableOctets,
  readTables,
} from '../../src/session/switch-tables.js';
import type { Port } from '../../src/topology/index.js';
import { networks } from '../e2e/networks.js';
import { type Lab, startLab } from '../lab/lab.js';
import { type WorldOptions, worldOf } from '../world.js';

function wanted(tunnels: 'mesh' | 'flow', more: WorldOptions = {}): DesiredState {
  const world = worldOf({ hosts: 3, ports: 6, tenants: ['red', 'blue', 'green'], tunnels, ...more });
  const bound = bindings(world);
  const confirmed = new Map(
    world.topology.hosts.map(({ name }) => {
      const { ports, peers, sends } = desiredState(world, name, bound);
      return [name, { ports, peers, sends }];
    }),
  );
  return desiredState({ ...world, confirmed }, 'hv1', bound);
}
/** Ports with every key of the topology file that changes flows, one of each on every host. */
const EVERY_KEY = (i: number): Partial<Port> =>
  [
    { allowed: ['10.0.0.0/8', '192.168.0.200', 'fd00:2::/64', 'fd00:1::c8'], broadcastRate: 7 },
    { ipChecks: false, unknown: true } as const,
    { unknown: true, qos: { rate: 1000, burst: 200, dscp: 46 } } as const,
  ][Math.floor(i / 3)] ?? {};
const nothing: DesiredState = { ...wanted('mesh'), flows: [], groups: [], meters: [] };

describe('read-back', function () {
  this.timeout(30_000);
  let lab: Lab;
  before(async () => {
    lab = await startLab(networks());
    const { rc, stderr } = await lab.vsctl(
      'hv1',
      'add-br',
      'br-int',
      '--',
      'set',
      'Bridge',
      'br-int',
      'datapath_type=netdev',
      'fail_mode=secure',
      'protocols=OpenFlow13,OpenFlow14,OpenFlow15',
    );
    if (rc !== 0) throw new Error(stderr);
  });
  after(() => lab?.stop());

  /** Makes the switch hold the state; gives the number of flow_mods that took. */
  async function bring(session: Session, desired: DesiredState): Promise<number> {
    const { plan } = difference(desired, await readTables(session));
    const sent = await sendPlan(session, plan);
    expect(sent).to.deep.include({ committed: true, refusals: [] });
    return flowModCount(plan);
  }

  for (const version of [6, 5, 4] as readonly OpenFlowVersion[])
    for (const [what, tunnels, more] of [
      ['mesh', 'mesh', {}],
      ['IPv6 of VMs, mesh', 'mesh', { dual: true }],
      ['every key of ports, mesh', 'mesh', { dual: true, ports: 9, keys: EVERY_KEY }],
      ['flow', 'flow', {}],
      ['nvgre over IPv6, flow', 'flow', { encapsulation: 'nvgre', family: 'ipv6' }],
    ] as const)
      it(`is what was sent: OpenFlow 1.${version - 1}, ${what}`, async () => {
        const session = await connect(`unix:${lab.ready.hosts.hv1?.rundir}/br-int.mgmt`, { versions: [version] });
        try {
          expect(session.version).to.equal(version);
          const desired = wanted(tunnels, more);
          expect(await bring(session, nothing)).to.be.at.least(0);
          expect(await bring(session, desired)).to.equal(desired.flows.length);
          expect(isEmpty(difference(desired, await readTables(session)).plan)).to.equal(true);
          const { digest, decode, groups, meters } = await readTableOctets(session);
          expect({ flows: decode(), groups, meters }).to.deep.equal(await readTables(session));
          // Below OpenFlow 1.5 the switch spells the copying of MAC addresses otherwise: such a host is compared in full.
          if (version === 6) expect(digest).to.deep.equal(digestOfFlows(desired.flows, version));
          else expect(digest?.count).to.equal(desired.flows.length);
          const [group, meter] = [desired.groups[0]?.group_id ?? 0, desired.meters[1]?.meter_id ?? 0];
          const some = await readGroups(session, [group, 77]);
          expect(some.get(group)).to.deep.equal(groups.get(group));
          expect(some.size).to.equal(version === 6 ? 1 : groups.size);
          expect(await readMeters(session, [meter, 77])).to.deep.equal(new Map([[meter, meters.get(meter)]]));
          const owner = desired.flows[40]?.owner;
          if (owner === undefined) throw new Error('no flow 40');
          const theirs = (await readOwners(session, [owner.cookie])).map((f) => f.identity).sort();
          expect(theirs).to.deep.equal(
            desired.flows
              .filter((f) => f.owner.id === owner.id)
              .map((f) => f.identity)
              .sort(),
          );
          expect(await readCounted(session, {})).to.have.length(desired.flows.length);
        } finally {
          session.close();
        }
      });

  it('finds what somebody changed, and no more', async () => {
    const session = await connect(`unix:${lab.ready.hosts.hv1?.rundir}/br-int.mgmt`);
    try {
      const desired = wanted('mesh');
      await bring(session, desired);
      const flow = desired.flows.find((f) => f.table_id === 30 && f.priority === 100);
      const mac = (flow?.match.eth_dst?.value ?? 0).toString(16).padStart(12, '0').match(/../g)?.join(':');
      const place = `table=30,priority=100,reg0=${flow?.match.reg0?.value},dl_dst=${mac}`;
      await lab.ofctl('hv1', [
        '-O',
        'OpenFlow15',
        'add-flow',
        'br-int',
        `cookie=0x${flow?.cookie.toString(16)},${place},actions=drop`,
      ]);
      await lab.ofctl('hv1', ['-O', 'OpenFlow15', 'del-flows', 'br-int', 'table=60,reg2=10']);
      expect((await readTableOctets(session)).digest).to.not.deep.equal(digestOfFlows(desired.flows, session.version));
      const { plan } = difference(desired, await readTables(session));
      expect(plan.modify.map((f) => f.identity)).to.deep.equal([flow?.identity]);
      const gone = desired.flows.filter((f) => f.table_id === 60 && f.match.reg2?.value === 10);
      expect(plan.add.map((f) => f.identity).sort()).to.deep.equal(gone.map((f) => f.identity).sort());
      expect(gone.length).to.be.greaterThan(1);
      expect(plan.remove).to.deep.equal([]);
    } finally {
      session.close();
    }
  });

  it('tells every message of a plan that the switch refuses, and leaves the switch as it was', async () => {
    const session = await connect(`unix:${lab.ready.hosts.hv1?.rundir}/br-int.mgmt`);
    try {
      const desired = wanted('mesh');
      await bring(session, desired);
      const [first, second] = desired.flows;
      if (first === undefined || second === undefined) throw new Error('no flows');
      const wrong = {
        ...first,
        identity: 'new',
        priority: 4321,
        instructions: [{ kind: 'apply_actions', actions: [{ kind: 'group', group_id: 999_999 }] }],
      } as const;
      const right = { ...second, identity: 'right', priority: 4322 };
      const plan = { ...difference(desired, await readTables(session)).plan, add: [wrong, right] };
      const { committed, refusals } = await sendPlan(session, plan);
      expect(committed).to.equal(false);
      expect(refusals).to.have.length(1);
      expect(refusals[0]?.about).to.contain(first.why);
      expect(isEmpty(difference(desired, await readTables(session)).plan)).to.equal(true);
    } finally {
      session.close();
    }
  });
});

import { expect } from 'chai';
import type { Action } from 'ts-openflow';
import { bindings, desiredState } from '../../src/desired/index.js';
import {
  DROPS,
  dropCodeOf,
  dropCookie,
  dropReason,
  groupId,
  isOurs,
  ownerCookie,
  ownerOf,
  REGISTERS,
  TABLES,
} from '../../src/pipeline/index.js';
import { worldOf } from '../world.js';

const outputTo = (action: Action, ports: ReadonlySet<number | undefined>): boolean =>
  action.kind === 'output' && 'port' in action && ports.has(action.port);

describe('pipeline', () => {
  const world = worldOf({ hosts: 3, ports: 6, tenants: ['red', 'blue', 'green'], dual: true });
  const bound = bindings(world);
  const states = world.topology.hosts.map(({ name }) => {
    const { ports, peers, sends } = desiredState(world, name, bound);
    return [name, { ports, peers, sends }] as const;
  });
  const { flows, groups } = desiredState({ ...world, confirmed: new Map(states) }, 'hv1', bound);
  const instructions = (flow: (typeof flows)[number]) => flow.instructions;
  const actions = (flow: (typeof flows)[number]) =>
    instructions(flow).flatMap((i) => (i.kind === 'apply_actions' ? (i.actions ?? []) : []));

  it('has its registers apart from each other and inside their fields', () => {
    const seen = new Set<string>();
    for (const { field, bits } of Object.values(REGISTERS)) {
      expect(bits[0] + bits[1]).to.be.at.most(32);
      for (let bit = bits[0]; bit < bits[0] + bits[1]; bit++) {
        expect(seen.has(`${field} ${bit}`), `${field} bit ${bit}`).to.equal(false);
        seen.add(`${field} ${bit}`);
      }
    }
  });

  it('leads only forward, in tables a controller may use, each with a miss that is counted or goes on', () => {
    const ids = TABLES.map((t) => t.id);
    expect(ids).to.deep.equal([...ids].sort((a, b) => a - b));
    expect(Math.max(...ids)).to.be.at.most(127);
    for (const flow of flows)
      for (const i of instructions(flow))
        if (i.kind === 'goto_table') expect(i.table_id).to.be.greaterThan(flow.table_id);
    for (const { id, name } of TABLES) {
      const miss = flows.find((f) => f.table_id === id && f.priority === 0);
      expect(miss, name).to.not.equal(undefined);
    }
  });

  it('ends every way in an output, a group, another table, or a drop with a reason', () => {
    for (const flow of flows) {
      const goes =
        instructions(flow).some((i) => i.kind === 'goto_table') ||
        actions(flow).some((a) => ['output', 'resubmit', 'group'].includes(a.kind));
      const exempt = flow.why.startsWith('BFD') || flow.owner.id === 'host';
      if (!goes && !exempt) expect(flow.drop, flow.why).to.not.equal(undefined);
      if (flow.drop !== undefined) expect(actions(flow)).to.deep.equal([]);
    }
  });

  it("reaches a tunnel from tables l2 and broadcast only, and always with the network's key set", () => {
    const tunnels = new Set(world.facts.get('hv1')?.tunnels.map((t) => t.ofport));
    const sending = flows.filter((f) => actions(f).some((a) => outputTo(a, tunnels)));
    expect(sending.length).to.be.greaterThan(0);
    for (const flow of sending) {
      expect(flow.table_id).to.equal(30);
      const network = flow.match.reg0?.value;
      expect(actions(flow)[0]).to.deep.include({
        kind: 'set_field',
        field: 'tun_id',
        value: BigInt(network as number),
      });
    }
    for (const group of groups)
      for (const bucket of group.buckets)
        expect(bucket.actions[0]).to.deep.include({ field: 'tun_id', value: BigInt(group.group_id) });
    for (const flow of flows) if (actions(flow).some((a) => a.kind === 'group')) expect(flow.table_id).to.equal(32);
  });

  it('outputs to VM ports from the guard only, which checks network and destination', () => {
    const locals = new Set(world.facts.get('hv1')?.interfaces.map((i) => i.ofport));
    const delivering = flows.filter((f) => actions(f).some((a) => outputTo(a, locals)));
    expect(delivering.length).to.be.greaterThan(0);
    for (const flow of delivering) {
      expect(flow.table_id).to.equal(60);
      const fields = Object.keys(flow.match).filter((f) => f !== 'eth_type');
      const group = flow.match.eth_dst?.mask !== undefined;
      expect(fields.slice(0, 3).sort()).to.deep.equal(['eth_dst', 'reg0', 'reg2']);
      expect(fields.length).to.equal(group ? 3 : 4);
      if (!group) expect(['ip_dst', 'ipv6_dst', 'arp_tpa']).to.include(fields[3]);
    }
  });

  it('has as many masks in each table for many ports as for few', () => {
    const shapes = (all: typeof flows) =>
      TABLES.map(
        (t) =>
          new Set(
            all
              .filter((f) => f.table_id === t.id)
              .map((f) => f.identity.replace(/=[^,/]*/g, '').replace(/^\d+ \d+/, '')),
          ).size,
      );
    const few = worldOf({ hosts: 2, ports: 2, tenants: ['red'], dual: true });
    const small = desiredState(few, 'hv1', bindings(few)).flows;
    const big = desiredState(world, 'hv1', bound).flows;
    expect(shapes(big)).to.deep.equal(shapes(small));
  });

  it('wants no place twice', () => {
    expect(new Set(flows.map((f) => f.identity)).size).to.equal(flows.length);
  });
});

describe('cookies', () => {
  it('lead to owner and reason, and tell ours from others', () => {
    const owner = ownerCookie('port red/web/red-vm1');
    const cookie = dropCookie(owner, DROPS.mac_spoof.code);
    expect(ownerOf(cookie)).to.equal(owner);
    expect(dropReason(dropCodeOf(cookie))).to.equal('mac_spoof');
    expect(dropReason(dropCodeOf(owner))).to.equal(undefined);
    expect([owner, cookie].every(isOurs)).to.equal(true);
    expect([0n, 1n, 0x4b00n, 0xffffffffffffffffn].some(isOurs)).to.equal(false);
  });

  it('are the same in every run', () => {
    expect(ownerCookie('host').toString(16)).to.equal('4b004740ae6347b0');
  });

  it('give every drop reason a code of its own', () => {
    const codes = Object.values(DROPS).map((d) => d.code);
    expect(new Set(codes).size).to.equal(codes.length);
    expect(Math.max(...codes)).to.be.below(256);
  });
});

describe('groups', () => {
  it('are numbered by key up to OFPG_MAX', () => {
    const gre = (key: number) => groupId({ encapsulation: 'gre', key });
    expect(gre(100)).to.equal(100);
    expect(gre(0xfffffeff)).to.equal(0xfffffeff);
    expect(gre(0xffffffff)).to.equal(0xfffffeff);
    expect(gre(0xffffff00)).to.equal(0xfffffe00);
  });
});

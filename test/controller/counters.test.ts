/** Counters from flows: whose they are, and how often a switch is asked. */
import { expect } from 'chai';
import {
  addCounters,
  addMeterDrops,
  type Counters,
  dropCounts,
  RECENT_MS,
  RecentlyCounted,
  sum,
} from '../../src/controller/counters.js';
import { bindings, type DesiredFlow, desiredState } from '../../src/desired/index.js';
import { actualOf } from '../../src/diff/index.js';
import { FENCE_METER } from '../../src/pipeline/index.js';
import type { CountedFlow, HostLink } from '../../src/session/index.js';
import { worldOf } from '../world.js';

const world = worldOf({ hosts: 1, ports: 1, tenants: ['red', 'blue'] });
const { flows: desired } = desiredState(world, 'hv1', bindings(world));

/** As the switch would count, if each flow of red-vm1 and each drop of red's network had met this many packets. */
const counted = (packetsOf: (flow: DesiredFlow) => bigint): readonly CountedFlow[] =>
  desired.map((flow) => {
    const packets = packetsOf(flow);
    return { ...actualOf(flow), packets, bytes: packets * 100n, durationSeconds: 1, text: '' };
  });

function countersOf(flows: readonly CountedFlow[]): { ports: Map<string, Counters>; networks: Map<string, Counters> } {
  const found = { ports: new Map<string, Counters>(), networks: new Map<string, Counters>() };
  addCounters(found.ports, found.networks, flows, desired);
  return found;
}

describe('counters', () => {
  it('count what a VM sent and received once each, and its drops by reason', () => {
    const flows = counted(({ owner, table_id, drop, instructions }) => {
      if (owner.id !== 'port red/web/red-vm1') return 0n;
      if (drop !== undefined) return drop === 'mac_spoof' ? 2n : 0n;
      return table_id === 0 ? 7n : table_id === 60 && instructions.length > 0 ? 3n : 5n;
    });
    const outputs = flows.filter((f) => f.table_id === 60 && f.packets === 3n).length;
    expect(outputs).to.be.greaterThan(0);
    const drops = { mac_spoof: 2 * desired.filter((f) => f.drop === 'mac_spoof' && f.owner.port === 'red-vm1').length };
    const expected = {
      sent: { packets: 7, bytes: 700 },
      received: { packets: 3 * outputs, bytes: 300 * outputs },
      drops,
    };
    const { ports, networks } = countersOf(flows);
    expect([...ports]).to.deep.equal([['red/web/red-vm1', expected]]);
    expect([...networks]).to.deep.equal([['red/web', expected]]);
  });

  it("count a network's own drops for the network, and nobody's for nobody", () => {
    const flows = counted(({ drop }) => (drop === 'unknown_unicast' || drop === 'no_identity' ? 4n : 0n));
    const { ports, networks } = countersOf(flows);
    expect([...ports]).to.deep.equal([]);
    expect(networks.get('red/web')?.drops).to.deep.equal({ unknown_unicast: 4 });
    expect(networks.get('blue/web')?.drops).to.deep.equal({ unknown_unicast: 4 });
  });

  it('take no foreign flow for ours', () => {
    const flows = counted(() => 1n).map((flow) => ({ ...flow, cookie: 0x77n }));
    expect(countersOf(flows).networks.size).to.equal(0);
  });

  it('add up', () => {
    const a = { sent: { packets: 1, bytes: 10 }, received: { packets: 0, bytes: 0 }, drops: { guard: 1 } };
    const b = {
      sent: { packets: 2, bytes: 20 },
      received: { packets: 3, bytes: 30 },
      drops: { guard: 2, ethertype: 1 },
    };
    expect(sum(a, b)).to.deep.equal({
      sent: { packets: 3, bytes: 30 },
      received: { packets: 3, bytes: 30 },
      drops: { guard: 3, ethertype: 1 },
    });
  });

  it('tell of what meters drop whose it is', () => {
    const { meters } = desiredState(world, 'hv1', bindings(world));
    const mine = meters.find(({ owner, why }) => owner?.port === 'red/web/red-vm1' && why.startsWith('broadcast'));
    if (mine === undefined) throw new Error('no meter');
    const dropped = new Map([
      [mine.meter_id, 9n],
      [FENCE_METER.meter_id, 4n],
    ]);
    expect(dropCounts([], dropped)).to.deep.equal({ broadcast_rate: 9 });
    const found = { ports: new Map<string, Counters>(), networks: new Map<string, Counters>() };
    addMeterDrops(found.ports, found.networks, dropped, meters);
    expect([...found.ports].map(([path, { drops }]) => [path, drops])).to.deep.equal([
      ['red/web/red-vm1', { broadcast_rate: 9 }],
    ]);
    expect(found.networks.get('red/web')?.drops).to.deep.equal({ broadcast_rate: 9 });
  });

  it('are read once for all who ask within half a second, again after it, and again after a failure', async () => {
    let clock = 0;
    let reads = 0;
    let fails = false;
    const counted = (): Promise<readonly CountedFlow[]> => {
      reads += 1;
      return fails ? Promise.reject(new Error('gone')) : Promise.resolve([]);
    };
    const meterDrops = () => Promise.resolve(new Map());
    const link = { epoch: () => 1, counted, meterDrops } as unknown as HostLink;
    const recent = new RecentlyCounted(() => clock);
    await Promise.all([recent.of(link), recent.of(link)]);
    clock = RECENT_MS - 1;
    await recent.of(link);
    expect(reads).to.equal(1);
    clock = RECENT_MS;
    fails = true;
    const failed = await recent.of(link).then(
      () => 'no',
      (error: Error) => error.message,
    );
    expect(failed).to.equal('gone');
    fails = false;
    await recent.of(link);
    expect(reads).to.equal(3);
  });
});

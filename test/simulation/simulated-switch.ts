/**
 * A simulated ovs-vswitchd: ports with numbers that are not given twice in its life, flow tables, bundles that are taken
 * whole or not at all. A plan that only opens (diff/opening.ts) is no bundle, and may be cut off between two messages.
 */

import type { HostRows, InterfaceRow } from '../../src/desired/index.js';
import { type ActualState, type applied, EMPTY, type FlowPlan, openingOf } from '../../src/diff/index.js';
import type { Refusal, SendResult } from '../../src/session/index.js';

export type SwitchPort = Pick<InterfaceRow, 'name' | 'type' | 'options'> & {
  readonly ofport: number;
  readonly ifaceId: string | undefined;
};

export class SimulatedSwitch {
  tables: ActualState = EMPTY;
  /** By name. */
  ports: ReadonlyMap<string, SwitchPort> = new Map();
  /** Flows that it takes at most. */
  room = Number.POSITIVE_INFINITY;
  #next: number;

  /** `first`: the lowest number of a port. */
  constructor(first: number) {
    this.#next = first;
  }

  /** Makes the ports that the rows of br-int say; true where something changed. A flow stays when its port goes. */
  follow(rows: HostRows): boolean {
    const bridge = rows.bridges.find(({ name }) => name === 'br-int');
    const members = new Set(rows.ports.flatMap((p) => (bridge?.ports.includes(p._uuid) ? p.interfaces : [])));
    const ports = new Map<string, SwitchPort>();
    let isChanged = false;
    for (const { _uuid, name, type, options, external_ids } of rows.interfaces) {
      if (!members.has(_uuid) || name === 'br-int') continue;
      const before = this.ports.get(name);
      const ifaceId = external_ids['iface-id'];
      isChanged ||= before === undefined || before.options !== options || before.ifaceId !== ifaceId;
      ports.set(name, { name, type, options, ifaceId, ofport: before?.ofport ?? this.#next++ });
    }
    isChanged ||= ports.size !== this.ports.size;
    this.ports = ports;
    return isChanged;
  }

  /** As a controller reads them. */
  get numbers(): ReadonlyMap<string, number> {
    return new Map([...this.ports].map(([name, { ofport }]) => [name, ofport]));
  }

  /** What is in the way of a plan: the first flow for which there is no room. */
  #refusals(plan: FlowPlan): readonly Refusal[] {
    const fitting = this.room - this.tables.flows.size + plan.remove.length;
    const refused = plan.add.slice(Math.max(0, fitting), Math.max(0, fitting) + 1);
    return refused.map(({ owner, why }) => ({ about: `${owner.id}: ${why}`, error: 'OFPFMFC_TABLE_FULL', owner }));
  }

  /**
   * Carries a plan out as `carryOut` does it. `moment` is called in the middle of one that is no bundle; where it says
   * no, the rest does not come.
   */
  take(plan: FlowPlan, { carryOut, random, moment }: Taking): SendResult {
    const refusals = this.#refusals(plan);
    if (refusals.length > 0) return { committed: false, refusals };
    const before = this.tables;
    if (openingOf(plan) !== undefined) {
      this.tables = carryOut(before, firstOf(plan, Math.floor(random() * (plan.add.length + plan.modify.length))));
      if (!moment()) return { committed: false, refusals };
    }
    this.tables = carryOut(before, plan);
    return { committed: true, refusals };
  }
}

export interface Taking {
  readonly carryOut: typeof applied;
  readonly random: () => number;
  readonly moment: () => boolean;
}

/** The first messages of a plan that only opens: its meters, and then flows from the last table to the first. */
function firstOf(plan: FlowPlan, count: number): FlowPlan {
  const order = [...plan.modify, ...plan.add].sort((a, b) => b.table_id - a.table_id || a.priority - b.priority);
  const sent = new Set(order.slice(0, count));
  return {
    ...plan,
    add: plan.add.filter((flow) => sent.has(flow)),
    modify: plan.modify.filter((flow) => sent.has(flow)),
  };
}

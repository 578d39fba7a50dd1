/**
 * One simulated host behind the controller's HostLink: rows and tables in memory, answers after a seeded time, and the
 * faults of a connection: lost before a request is carried out, or after it, before the answer comes.
 */
import { type ActualState, applied, EMPTY, type FlowPlan } from '../../src/diff/index.js';
import { ownerOf } from '../../src/pipeline/index.js';
import type { HostLink, SendResult } from '../../src/session/index.js';
import type { Topology } from '../../src/topology/index.js';
import { rightRows } from '../rows.js';
import type { VirtualClock } from './virtual-clock.js';

export interface Surroundings {
  readonly topology: Topology;
  readonly clock: VirtualClock;
  readonly random: () => number;
  /** Carries out a plan; a test plants a defect here. */
  readonly carryOut?: (state: ActualState, plan: FlowPlan) => ActualState;
  readonly tell: (event: string) => void;
}

/** Longest time of a request or of an answer on its way, milliseconds. */
const LATENCY_MS = 40;

export class SimulatedHost {
  state: ActualState = EMPTY;
  plugged: readonly string[] = [];
  connected = true;
  flowMods = 0;
  /** FLOW_MODs that changed nothing. */
  readonly needless: string[] = [];
  readonly name: string;
  readonly #around: Surroundings;
  #epoch = 1;
  #onChange: () => void = () => undefined;

  constructor(name: string, around: Surroundings) {
    this.name = name;
    this.#around = around;
  }

  plug(ifaceIds: readonly string[]): void {
    this.plugged = ifaceIds;
    this.#onChange();
  }

  disconnect(): void {
    this.connected = false;
    this.#onChange();
  }

  /** `restarted`: ovs-vswitchd is another, with empty tables. */
  reconnect(restarted: boolean): void {
    if (restarted) this.state = EMPTY;
    this.connected = true;
    this.#epoch += 1;
    this.#onChange();
  }

  /** The link of one controller; of the one before nothing comes any more. */
  link(onChange: () => void): HostLink {
    this.#onChange = onChange;
    const rows = () => rightRows(this.#around.topology, this.name, this.plugged);
    const read = () => this.#asked(() => this.state);
    const dump = () => Promise.resolve({ flows: '', groups: '', meters: '', ports: '', interfaces: '' });
    return {
      name: this.name,
      rows,
      epoch: () => (this.connected ? this.#epoch : 0),
      switchPorts: () =>
        this.connected
          ? new Map(rows().interfaces.flatMap((i) => (i.ofport === undefined ? [] : [[i.name, i.ofport]])))
          : undefined,
      troubles: () => (this.connected ? [] : ['the switch is not connected']),
      configure: () => Promise.reject(new Error(`${this.name}: the rows are right, nothing is to be configured`)),
      read,
      readOwners: async (owners) =>
        [...(await read()).flows.values()].filter(({ cookie }) => owners.includes(ownerOf(cookie))),
      readGroups: async () => (await read()).groups,
      readMeters: async () => (await read()).meters,
      meterDrops: () => this.#asked(() => new Map<number, bigint>()),
      send: (plan) => this.#asked(() => this.#take(plan)),
      onPunt: () => undefined,
      answer: () => undefined,
      counted: () => Promise.resolve([]),
      dump,
      dumpBridge: dump,
      close: () => Promise.resolve(),
    };
  }

  #take(plan: FlowPlan): SendResult {
    const { carryOut = applied, tell } = this.#around;
    for (const flow of [...plan.add, ...plan.modify]) {
      const held = this.state.flows.get(flow.identity);
      if (held?.content === flow.content && held.cookie === flow.cookie) this.needless.push(`add ${flow.identity}`);
    }
    for (const { identity } of plan.remove)
      if (!this.state.flows.has(identity)) this.needless.push(`delete ${identity}`);
    this.flowMods += plan.add.length + plan.modify.length + plan.remove.length;
    tell(`${this.name} +${plan.add.length} ~${plan.modify.length} -${plan.remove.length}`);
    this.state = carryOut(this.state, plan);
    return { committed: true, refusals: [] };
  }

  /** A request on its way, and its answer; a connection lost on the way back leaves it carried out and unanswered. */
  async #asked<V>(work: () => V): Promise<V> {
    const epoch = this.#epoch;
    const travel = async (): Promise<void> => {
      await this.#around.clock.after(1 + Math.floor(this.#around.random() * LATENCY_MS));
      if (!this.connected || this.#epoch !== epoch) throw new Error(`${this.name}: the connection is lost`);
    };
    await travel();
    const answer = work();
    await travel();
    return answer;
  }
}

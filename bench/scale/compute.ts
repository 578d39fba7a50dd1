/**
 * The controller's computation without its sockets: events are reduced, states computed and encoded for the hosts that an
 * event concerns, and each host confirms what it was given, until nobody has news. For benchmarks of size.
 */
import { encodeInto, Writer } from 'ts-openflow';
import type { Site } from '../../src/cli/simulate/site.js';
import { type Event, initialState, reduce, type State } from '../../src/controller/state.js';
import { type DesiredState, desiredState, type HostFacts, rememberingFlowsOf } from '../../src/desired/index.js';
import { changedParts, difference, EMPTY, type FlowPlan, flowModCount, planMessages } from '../../src/diff/index.js';

const OPENFLOW_15 = 6;
const CHUNK = 64 * 1024;

/** What a host was seen to be: its tunnels and ports have numbers. */
export function factsOf({ places }: Site, state: State, host: string): HostFacts {
  const tunnels = state.bound.index.tunnels(host).map(({ name }, i) => ({ name, ofport: 1 + i }));
  const interfaces = (places.get(host) ?? []).map((ifaceId, i) => ({
    name: `tap${i}`,
    ifaceId,
    ofport: 1 + tunnels.length + i,
    inactive: false,
  }));
  return { interfaces, tunnels };
}

export class Computation {
  state: State;
  readonly held = new Map<string, DesiredState>();
  flowMods = 0;
  octets = 0;
  readonly #flowsOf = rememberingFlowsOf();
  /** As a session encodes: message after message into a chunk, which then leaves. */
  readonly #chunk = new Writer(OPENFLOW_15, 2 * CHUNK);

  constructor(site: Site) {
    this.state = initialState(site.topology);
  }

  take(event: Event): ReadonlySet<string> {
    this.state = reduce(this.state, event);
    return this.state.dirty;
  }

  /** Computes and encodes what a host is to be sent, and confirms it; the hosts concerned by that. */
  pass(host: string): ReadonlySet<string> {
    const { world, bound } = this.state;
    const before = this.held.get(host);
    const desired = desiredState(world, host, bound, this.#flowsOf, before);
    const found = before === undefined ? difference(desired, EMPTY) : changedParts(desired, before);
    if (found === undefined) throw new Error(`${host}: the tables do not hold what they should`);
    this.#encode(found.plan);
    this.held.set(host, desired);
    const { ports, peers, sends } = desired;
    const known = world.confirmed.get(host);
    if (known?.ports === ports && known.peers === peers && known.sends === sends) return new Set();
    return this.take({ kind: 'confirmed', host, confirmed: { ports, peers, sends } });
  }

  /** Passes over these hosts and all that their confirmations concern. */
  settle(hosts: Iterable<string>): void {
    const waiting = new Set(hosts);
    for (const host of waiting) {
      waiting.delete(host);
      for (const other of this.pass(host)) waiting.add(other);
    }
  }

  #leave(): void {
    this.octets += this.#chunk.at;
    this.#chunk.at = 0;
  }

  #encode(plan: FlowPlan): void {
    const { before, bundle, after } = planMessages(plan, OPENFLOW_15);
    for (const { message } of [...before, ...bundle, ...after]) {
      encodeInto(this.#chunk, message);
      if (this.#chunk.at >= CHUNK) this.#leave();
    }
    this.#leave();
    this.flowMods += flowModCount(plan);
  }
}

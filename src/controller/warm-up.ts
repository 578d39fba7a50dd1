/**
 * Warming up: V8 runs a function slowly until it has run it some hundred times, and a controller of few hosts would meet
 * its first ports with slow code, some milliseconds later than its hundredth. So after the start, while nothing is to do,
 * it goes through a made-up port's coming on a made-up network, by the same pure functions. Nothing of it is kept and
 * nothing is sent. It takes some 0.5 s of one core in steps of 1 to 2 ms, and stands back while there is work.
 */
import { encodeMessage } from 'ts-openflow';
import {
  type DesiredState,
  desiredState,
  desiredTunnels,
  type FlowsOf,
  type HostFacts,
  rememberingFlowsOf,
} from '../desired/index.js';
import { applied, changedParts, difference, EMPTY, openingMessages } from '../diff/index.js';
import type { Network, Topology } from '../topology/index.js';
import { initialState, reduce, type State } from './state.js';

const HOSTS = ['one', 'two'] as const;
const PORTS = 6;
/** Goes; from about 200 on the functions are compiled. */
export const ROUNDS = 200;
/** Milliseconds between two goes. */
const PAUSE_MS = 5;
const OPENFLOW_15 = 6;

const octet = (n: number): string => n.toString(16).padStart(2, '0');

const network: Network = {
  path: 'made-up/network',
  tenant: 'made-up',
  name: 'network',
  key: 1,
  encapsulation: 'geneve',
  subnets: ['192.0.2.0/24', '2001:db8::/64'],
  mtu: 1450,
  ports: Array.from({ length: PORTS }, (_, i) => ({
    path: `made-up/network/vm${i}`,
    name: `vm${i}`,
    ifaceId: `vm${i}`,
    mac: `02:00:00:00:00:${octet(i)}`,
    ips: [`192.0.2.${i + 1}`, `2001:db8::${octet(i + 1)}`],
  })),
};
const topology: Topology = {
  underlay: { encapsulation: 'geneve', tunnels: 'mesh', mtu: 1500 },
  hosts: HOSTS.map((name, i) => ({ name, ovsdb: 'unix:/made-up', vtep: `198.51.100.${i + 1}` })),
  networks: [network],
};

/** What a host was seen to be, with its share of the ports but `less`. */
function factsOf(host: string, less = 0): HostFacts {
  const here = network.ports.filter((_, i) => HOSTS[i % HOSTS.length] === host);
  return {
    interfaces: here
      .slice(less)
      .map(({ ifaceId }, i) => ({ name: `tap-${ifaceId}`, ifaceId, ofport: 10 + i, inactive: false })),
    tunnels: desiredTunnels(topology, host).map(({ name }, i) => ({ name, ofport: 1 + i })),
  };
}

/** The state in which every host holds what it should, all but the last port of the first. */
function settled(flowsOf: FlowsOf): State {
  let state = initialState(topology);
  for (const host of HOSTS)
    state = reduce(state, { kind: 'facts', host, facts: factsOf(host, host === HOSTS[0] ? 1 : 0) });
  for (const host of HOSTS) {
    const confirmed = desiredState(state.world, host, state.bound, flowsOf);
    state = reduce(state, { kind: 'confirmed', host, confirmed });
  }
  return state;
}

/** One go: a port comes to the first host; what each host is sent is computed. Gives how many octets that are there. */
export function makeRound(): () => number {
  const [here] = HOSTS;
  const flowsOf = rememberingFlowsOf();
  const before = settled(flowsOf);
  const held = new Map(HOSTS.map((host) => [host, desiredState(before.world, host, before.bound, flowsOf)]));
  const own = held.get(here) as DesiredState;
  const actual = applied(EMPTY, difference(own, EMPTY).plan);
  const { interfaces, tunnels } = factsOf(here, 1);
  const [port] = network.ports;
  const row = { name: 'tap-new', ifaceId: port?.ifaceId ?? '', inactive: false };
  let ofport = 100;
  return () => {
    ofport += 1;
    const waiting = { interfaces: [...interfaces, row], tunnels };
    const pending = reduce(before, { kind: 'facts', host: here, facts: waiting });
    const facts = { interfaces: [...interfaces, { ...row, ofport }], tunnels };
    const { world, bound } = reduce(pending, { kind: 'facts', host: here, facts });
    for (const host of HOSTS.slice(1)) desiredState(world, host, bound, flowsOf, held.get(host));
    const desired = desiredState(world, here, bound, flowsOf, own);
    const found = changedParts(desired, own);
    if (found === undefined) return 0;
    applied(actual, found.plan);
    const { messages = [] } = openingMessages(found.plan, OPENFLOW_15) ?? {};
    return messages.reduce((sum, { message }) => sum + encodeMessage(message, OPENFLOW_15).length, 0);
  };
}

/** Begins to warm up, after `delayMs` and while `idle`; returns what ends it. Keeps no process alive. */
export function warmUp(delayMs: number, idle: () => boolean): () => void {
  let timer: NodeJS.Timeout | undefined;
  let left = ROUNDS;
  let round: (() => number) | undefined;
  const step = (): void => {
    if (idle()) {
      round ??= makeRound();
      round();
      left -= 1;
    }
    timer = left > 0 ? setTimeout(step, PAUSE_MS).unref() : undefined;
  };
  timer = setTimeout(step, delayMs).unref();
  return () => clearTimeout(timer);
}

/** Milliseconds between two ports that are prepared for, and before looking again when there was none. */
const [PREPARE_MS, NONE_MS] = [25, 500] as const;

/** Prepares for ports that are to come, one at a time (prepared-ports.ts); returns what ends it. Keeps no process alive. */
export function prepareInTime(prepareOne: () => boolean): () => void {
  let timer: NodeJS.Timeout | undefined;
  const step = (): void => {
    timer = setTimeout(step, prepareOne() ? PREPARE_MS : NONE_MS).unref();
  };
  step();
  return () => clearTimeout(timer);
}

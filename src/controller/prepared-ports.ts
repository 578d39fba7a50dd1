/**
 * What opens a port, prepared while there is nothing to do (diff/prepared.ts), and whether it may be used: only where
 * nothing is in doubt, so that the pass that follows comes to the same. Everything else waits for that pass.
 */
import { type FlowsOf, INSTALLED_KEY, type InterfaceRow, type PlacedPort, TUNNEL_KEY } from '../desired/index.js';
import { type PreparedPort, preparePort } from '../diff/index.js';
import type { HostLink } from '../session/index.js';
import type { Network, Port, Topology } from '../topology/index.js';
import type { Memory } from './memory.js';
import type { State } from './state.js';

/** OpenFlow 1.5: what hosts speak unless they are old, which wait for the pass. */
const VERSION = 6;
/** Ports that are prepared at most, some 5 KB each. */
const MOST = 1000;
/** Port names in PORT_STATUS are cut after so many octets (OFP_MAX_PORT_NAME_LEN less the 0, clause 7.2.1). */
const NAME_LENGTH = 15;
/** Numbers of ports end below this (OFPP_MAX, clause 7.2.3.1, as Open vSwitch gives them). */
const OFPP_MAX = 0xff00;

/** A host, as far as it matters here. */
export interface PreparedFor {
  readonly link: HostLink;
  readonly state: State;
  readonly memory: Memory | undefined;
}

/** The only row of a VM's that has the name, where no other row of the host has its iface-id. */
function rowOf(link: HostLink, name: string): InterfaceRow | undefined {
  const rows = link.rows()?.interfaces ?? [];
  const found = rows.find((row) => row.name === name);
  const ifaceId = found?.external_ids['iface-id'];
  if (found === undefined || ifaceId === undefined) return undefined;
  const { external_ids: ids } = found;
  if (ids[TUNNEL_KEY] !== undefined || ids['iface-status'] === 'inactive' || ids[INSTALLED_KEY] !== undefined)
    return undefined;
  const alone = rows.every((row) => row === found || row.external_ids['iface-id'] !== ifaceId);
  return alone ? found : undefined;
}

/** True when the port is nowhere and was nowhere else, or is on its way to this very row. */
function isFree({ bound, world }: State, host: string, { name }: InterfaceRow, { port }: PlacedPort): boolean {
  const binding = bound.get(port.path);
  const claims = bound.claims(port.ifaceId);
  const here = claims.every((claim) => claim.host === host && claim.row.name === name);
  const free =
    binding?.state === 'unbound' ||
    (binding?.state === 'pending' && binding.host === host && binding.name === name && binding.to === undefined);
  return free && here && !world.moving.has(port.path) && world.left?.has(port.path) !== true;
}

/** The port that the switch's new port is, where that is beyond doubt. */
export function undoubted({ link, state, memory }: PreparedFor, name: string, ofport: number): PlacedPort | undefined {
  const held = memory?.held;
  if (held === undefined || memory?.epoch !== link.epoch() || memory.beside !== undefined) return undefined;
  if (name.length >= NAME_LENGTH || ofport <= 0 || ofport >= OFPP_MAX) return undefined;
  const row = rowOf(link, name);
  const placed = row && state.bound.index.byIfaceId.get(row.external_ids['iface-id'] ?? '');
  if (row === undefined || placed === undefined || (row.ofport !== undefined && row.ofport !== ofport))
    return undefined;
  const { network, port } = placed;
  if (port.hosts !== undefined && !port.hosts.includes(link.name)) return undefined;
  const slice = held.slices.networks.get(network.path);
  // The first port of a network needs more than its own flows; and of two ways there may be more to say.
  if (slice === undefined || slice.network !== network || network.former !== undefined) return undefined;
  if (held.excesses.length > 0 || [...held.numbers.values()].includes(ofport)) return undefined;
  return isFree(state, link.name, row, placed) ? placed : undefined;
}

export class PreparedPorts {
  readonly #flowsOf: FlowsOf;
  readonly #known = new Map<Port, PreparedPort | undefined>();
  #topology: Topology | undefined;
  #waiting: PlacedPort[] = [];

  constructor(flowsOf: FlowsOf) {
    this.#flowsOf = flowsOf;
  }

  /** What opens the switch's new port, if it was prepared and may be used. */
  at(host: PreparedFor, name: string, ofport: number): PreparedPort | undefined {
    // Nobody prepares, or not for this topology: a burst of new ports shall not be looked through for nothing.
    if (this.#topology !== host.state.world.topology) return undefined;
    const placed = undoubted(host, name, ofport);
    if (placed === undefined) return undefined;
    const { port } = placed;
    // It was somewhere before; the next time it will be prepared.
    if (!this.#known.has(port) && this.#known.size + this.#waiting.length < MOST) this.#waiting.push(placed);
    return this.#known.get(port);
  }

  /** Prepares one more of the ports that are nowhere; false when there is none left. */
  prepareOne({ world, bound }: State): boolean {
    if (this.#topology !== world.topology) {
      this.#topology = world.topology;
      this.#known.clear();
      this.#waiting = unbound(world.topology, (path) => bound.get(path)?.state);
    }
    const next = this.#waiting.shift();
    if (next !== undefined) this.#known.set(next.port, preparePort(this.#flowsOf, next.network, next.port, VERSION));
    return next !== undefined;
  }
}

function unbound({ networks }: Topology, stateOf: (path: string) => string | undefined): PlacedPort[] {
  const found: PlacedPort[] = [];
  const take = (network: Network): void => {
    for (const port of network.ports)
      if (found.length < MOST && stateOf(port.path) === 'unbound') found.push({ network, port });
  };
  networks.forEach(take);
  return found;
}

/** What happens in a simulation, from its seed: to VMs, to the file, to the controller, and the faults of everything. */
import { isDeepStrictEqual } from 'node:util';
import type { Topology } from '../../src/topology/index.js';
import type { SimulatedHost } from './simulated-host.js';
import type { Simulation } from './simulation.js';

type Happening = (simulation: Simulation, host: SimulatedHost) => Promise<void> | undefined;

/** How often each thing happens, beside the others. */
const WEIGHTS = {
  plugOrUnplug: 40,
  move: 12,
  migrate: 14,
  edit: 16,
  loseConnection: 12,
  restartSwitch: 6,
  restartController: 5,
  silence: 4,
  slowDown: 4,
  fill: 4,
  stall: 3,
  setClock: 2,
  drift: 2,
  repeat: 3,
} as const;

export type Happenings = keyof typeof WEIGHTS;
const ALL = Object.keys(WEIGHTS) as readonly Happenings[];

const networkOf = (port: string): string => port.split('/').slice(0, 2).join('/');

export class Events {
  readonly #simulation: Simulation;
  readonly #happenings: readonly Happenings[];
  #taps = 0;

  constructor(simulation: Simulation, happenings = ALL) {
    this.#simulation = simulation;
    this.#happenings = happenings;
  }

  async next(): Promise<void> {
    const { random, hosts, below } = this.#simulation;
    const host = hosts[below(hosts.length)] as SimulatedHost;
    let left = random() * this.#happenings.reduce((sum, name) => sum + WEIGHTS[name], 0);
    for (const name of this.#happenings) {
      left -= WEIGHTS[name];
      if (left < 0) return this[name](this.#simulation, host);
    }
  }

  /** No fault is left, and every VM is in one place. */
  mend(): void {
    const { hosts, intent } = this.#simulation;
    for (const host of hosts) {
      host.silence(false);
      host.slowness = 1;
      host.vswitchd.room = Number.POSITIVE_INFINITY;
    }
    for (const ifaceId of intent.ifaceIds) {
      const [, ...others] = this.#placesOf(ifaceId);
      for (const other of others) this.#unplug(ifaceId, other);
    }
  }

  plugOrUnplug: Happening = (_, host) => {
    const ifaceId = this.#anyPort();
    const [at] = this.#placesOf(ifaceId);
    if (at === undefined) this.#plug(ifaceId, host);
    else if (this.#simulation.random() < 0.3) this.#unplug(ifaceId, at);
    return undefined;
  };

  /** Off one host, and at once onto another. */
  move: Happening = (_, host) => {
    const ifaceId = this.#anyPort();
    for (const at of this.#placesOf(ifaceId)) this.#unplug(ifaceId, at);
    this.#plug(ifaceId, host);
    return undefined;
  };

  /** The next step of a live migration: onto a second host, the VM's arrival, off the first; or given up. */
  migrate: Happening = ({ random, tell }, host) => {
    const ifaceId = this.#migrating() ?? this.#anyPort();
    const [first, second] = this.#placesOf(ifaceId);
    if (first === undefined || (second === undefined && first !== host)) this.#plug(ifaceId, host);
    else if (second !== undefined) {
      const one = random() < 0.5 ? first : second;
      this.#touch(ifaceId);
      if (random() < 0.6) this.#unplug(ifaceId, one);
      else {
        tell(`${ifaceId} arrives at ${one.name}`);
        one.arrive(ifaceId);
      }
    }
    return undefined;
  };

  edit: Happening = (simulation) => {
    const portsOf = ({ networks }: Topology) =>
      new Map(networks.flatMap(({ ports }) => ports.map((port) => [port.path, port] as const)));
    const before = portsOf(simulation.topology);
    simulation.tell(`file: ${simulation.intent.edit()}`);
    const next = simulation.nextTopology();
    const after = portsOf(next);
    // Another key or encapsulation costs VMs nothing; from flow to mesh what comes before a new port has its flows is lost.
    const isLossy = simulation.topology.underlay.tunnels === 'flow' && next.underlay.tunnels === 'mesh';
    simulation.watch.touched(({ path }) => isLossy || !isDeepStrictEqual(before.get(path), after.get(path)));
    // A controller that has not heard every host yet cannot change a network's ways without loss.
    if (!simulation.hasHeardAll) {
      const waysOf = ({ networks }: Topology) => new Map(networks.map((n) => [n.path, `${n.encapsulation} ${n.key}`]));
      const [was, is] = [waysOf(simulation.topology), waysOf(next)];
      const kind = simulation.topology.underlay.tunnels !== next.underlay.tunnels;
      simulation.watch.touched(({ path }) => kind || was.get(networkOf(path)) !== is.get(networkOf(path)));
    }
    simulation.setTopology(next);
    return undefined;
  };

  loseConnection: Happening = ({ tell, below }, host) => {
    const which = (['both', 'ovsdb', 'openflow'] as const)[below(3)] ?? 'both';
    tell(`${host.name} loses ${which}`);
    host.disconnect(which);
    return undefined;
  };

  restartSwitch: Happening = ({ tell, watch }, host) => {
    tell(`${host.name}: another ovs-vswitchd`);
    const here = new Set(host.plugged);
    watch.touched(({ ifaceId }) => here.has(ifaceId));
    host.restart();
    return undefined;
  };

  restartController: Happening = ({ tell, another, watch, changing, random, intent }) => {
    // A change of ways that is on its way is known to the dying one alone, and one that comes between to none.
    const paths = changing();
    const isEdited = random() < 0.2;
    watch.touched(({ path }) => isEdited || paths.includes(networkOf(path)));
    tell(`another controller${isEdited ? `, and meanwhile in the file: ${intent.edit()}` : ''}`);
    return another(isEdited);
  };

  silence: Happening = ({ tell }, host) => {
    tell(`${host.name} ${host.isSilent ? 'is heard again' : 'falls silent'}`);
    // What speaks again first hears that it was given up, as after ten seconds of silence.
    if (host.isSilent && this.#simulation.random() < 0.5) host.disconnect();
    host.silence(!host.isSilent);
    return undefined;
  };

  slowDown: Happening = ({ tell }, host) => {
    host.slowness = host.slowness === 1 ? 60 : 1;
    tell(`${host.name} is ${host.slowness} times slower`);
    return undefined;
  };

  /** There is room for so many flows and no more. */
  fill: Happening = ({ tell, below, watch }, host) => {
    // A port whose flow is refused is left out whole (controller/refused.ts), also one that was there before.
    const here = new Set(host.plugged);
    watch.touched(({ ifaceId }) => here.has(ifaceId));
    const isFull = host.vswitchd.room !== Number.POSITIVE_INFINITY;
    host.vswitchd.room = isFull ? Number.POSITIVE_INFINITY : host.tables.flows.size + below(20);
    tell(`${host.name} has room for ${host.vswitchd.room} flows`);
    return undefined;
  };

  stall: Happening = ({ tell, below, clock }) => {
    const ms = below(8000);
    tell(`the event loop stands still for ${ms} ms`);
    clock.stall(ms);
    return undefined;
  };

  /** By up to two hours, back and forth: keys rest for one. */
  setClock: Happening = ({ tell, random, clock }) => {
    clock.wall = Math.floor((random() - 0.5) * 4 * 3_600_000);
    tell(`the wall clock is set by ${clock.wall} ms`);
    return undefined;
  };

  drift: Happening = ({ tell, watch }, host) => {
    tell(`${host.name}: somebody takes a flow away`);
    const here = new Set(host.plugged);
    watch.touched(({ ifaceId }) => here.has(ifaceId));
    host.drift();
    return undefined;
  };

  repeat: Happening = (_, host) => {
    host.repeat();
    return undefined;
  };

  #anyPort(): string {
    const { intent, below } = this.#simulation;
    return intent.ifaceIds[below(intent.ifaceIds.length)] as string;
  }

  #placesOf = (ifaceId: string): readonly SimulatedHost[] =>
    this.#simulation.hosts.filter(({ plugged }) => plugged.includes(ifaceId));

  #migrating = (): string | undefined =>
    this.#simulation.intent.ifaceIds.find((ifaceId) => this.#placesOf(ifaceId).length > 1);

  #touch(ifaceId: string): void {
    this.#simulation.watch.touched((port) => port.ifaceId === ifaceId);
  }

  #plug(ifaceId: string, host: SimulatedHost): void {
    if (!host.hasBridge || host.plugged.includes(ifaceId)) return;
    this.#simulation.tell(`${ifaceId} onto ${host.name}`);
    this.#touch(ifaceId);
    host.plug(ifaceId, `tap${this.#taps++}`);
  }

  #unplug(ifaceId: string, host: SimulatedHost): void {
    this.#simulation.tell(`${ifaceId} off ${host.name}`);
    this.#touch(ifaceId);
    host.unplug(ifaceId);
  }
}

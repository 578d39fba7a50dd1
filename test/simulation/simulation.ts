/**
 * The controller in one process with a seeded clock and simulated hosts: plugs, unplugs and moves of ports, lost
 * connections, restarts of switches and of the controller, all from the seed. After every step no FLOW_MOD may have been
 * needless; at rest every table equals what a new controller puts into empty switches. The simulation stands at HostLink:
 * sockets, OVSDB and the wire are beyond it.
 */
import { createHash } from 'node:crypto';
import { Controller } from '../../src/controller/index.js';
import type { ActualState, FlowPlan } from '../../src/diff/index.js';
import { CONTROLLER } from '../rows.js';
import { topologyOf } from '../world.js';
import { SimulatedHost, type Surroundings } from './simulated-host.js';
import { randomFrom, VirtualClock } from './virtual-clock.js';

export interface SimulationOptions {
  readonly seed: number;
  /** Random events. */
  readonly events: number;
  readonly carryOut?: (state: ActualState, plan: FlowPlan) => ActualState;
}

export interface SimulationResult {
  /** Of all that happened, in order. */
  readonly trace: string;
  readonly flowMods: number;
  readonly steps: number;
}

/** Milliseconds without a fault in which everything must have come to rest. */
const REST_MS = 60_000;
/** How often the controller reads the tables again, milliseconds. */
const READ_MS = 5000;
const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

const spelt = ({ flows, groups, meters }: ActualState): string =>
  [
    ...[...flows].map(([id, { content, cookie }]) => `${id} ${content} ${cookie}`),
    ...[...groups].map(([id, { buckets }]) => `group ${id} ${buckets.map((b) => b.content).sort()}`),
    ...[...meters].map(([id, content]) => `meter ${id} ${content}`),
  ]
    .sort()
    .join('\n');

class Simulation {
  readonly #random: () => number;
  readonly #clock: VirtualClock;
  readonly #around: Surroundings;
  readonly #ports: readonly string[];
  readonly #events: string[] = [];
  #hosts: readonly SimulatedHost[];
  #controller: Controller;
  #steps = 0;

  constructor({ seed, carryOut }: SimulationOptions) {
    this.#random = randomFrom(seed);
    this.#clock = new VirtualClock(this.#random);
    const tunnels = this.#random() < 0.5 ? 'mesh' : 'flow';
    const topology = topologyOf({ hosts: 3 + this.#below(2), ports: 4, tunnels });
    this.#ports = topology.networks.flatMap(({ ports }) => ports.map(({ ifaceId }) => ifaceId));
    const tell = (event: string): void => void this.#events.push(`${this.#clock.now} ${event}`);
    const common = { topology, clock: this.#clock, random: this.#random, tell };
    this.#around = carryOut === undefined ? common : { ...common, carryOut };
    this.#hosts = this.#newHosts();
    this.#controller = this.#newController();
  }

  async run(events: number): Promise<SimulationResult> {
    this.#clock.install();
    try {
      this.#controller.start();
      for (let i = 0; i < events; i += 1) {
        await this.#event();
        await this.#pass(this.#below(3000));
      }
      await this.#rest();
      const flowMods = this.#hosts.reduce((sum, host) => sum + host.flowMods, 0);
      await this.#compare();
      const trace = createHash('sha256').update(this.#events.join('\n')).digest('hex');
      return { trace, flowMods, steps: this.#steps };
    } catch (error) {
      const last = this.#events.slice(-20).join('\n');
      throw new Error(`step ${this.#steps}: ${(error as Error).message}\nlast events:\n${last}`, { cause: error });
    } finally {
      await this.#controller.stop();
      this.#clock.restore();
    }
  }

  #below = (n: number): number => Math.floor(this.#random() * n);

  #newHosts = (): readonly SimulatedHost[] =>
    this.#around.topology.hosts.map(({ name }) => new SimulatedHost(name, this.#around));

  #newController(): Controller {
    const hosts = new Map(this.#hosts.map((host) => [host.name, host]));
    return new Controller({
      topology: this.#around.topology,
      openLink: ({ name }, onChange) => (hosts.get(name) as SimulatedHost).link(onChange),
      controllerTarget: () => CONTROLLER,
      log: QUIET,
      now: () => this.#clock.now,
      readEveryMs: READ_MS,
    });
  }

  /** Lets this much time pass. */
  async #pass(ms: number): Promise<void> {
    const end = this.#clock.now + ms;
    while (this.#clock.now < end) {
      await this.#clock.step();
      this.#steps += 1;
      for (const { name, needless } of this.#hosts)
        if (needless.length > 0) throw new Error(`${name}: needless FLOW_MOD: ${needless[0]}`);
    }
  }

  async #event(): Promise<void> {
    const host = this.#hosts[this.#below(this.#hosts.length)] as SimulatedHost;
    const dice = this.#random();
    if (dice < 0.6) this.#move(host, this.#ports[this.#below(this.#ports.length)] as string);
    else if (dice < 0.95) this.#breakOrMend(host);
    else {
      this.#around.tell('another controller');
      await this.#controller.stop();
      this.#controller = this.#newController();
      this.#controller.start();
    }
    await this.#clock.quiet();
  }

  /** Unplugs a port where it is; plugs it in at the host unless it was there. */
  #move(to: SimulatedHost, port: string): void {
    const from = this.#hosts.find(({ plugged }) => plugged.includes(port));
    this.#around.tell(`${port}: ${from?.name ?? 'nowhere'} to ${to === from ? 'nowhere' : to.name}`);
    from?.plug(from.plugged.filter((other) => other !== port));
    if (to !== from) to.plug([...to.plugged, port]);
  }

  #breakOrMend(host: SimulatedHost): void {
    const restarted = this.#random() < 0.5;
    this.#around.tell(`${host.name} ${host.connected ? 'lost' : `back${restarted ? ', empty' : ''}`}`);
    if (host.connected) host.disconnect();
    else host.reconnect(restarted);
  }

  /** Everything mended: settled in time, and then nothing more is sent. */
  async #rest(): Promise<void> {
    for (const host of this.#hosts) if (!host.connected) host.reconnect(false);
    await this.#clock.quiet();
    await this.#pass(REST_MS);
    // While the tables are read again, as they are every few seconds, it says nothing of them.
    const end = this.#clock.now + READ_MS;
    while (!this.#controller.settled && this.#clock.now < end) await this.#pass(1);
    if (!this.#controller.settled)
      throw new Error(`not settled after ${REST_MS} ms without a fault: ${this.#states()}`);
    const sent = (): number => this.#hosts.reduce((sum, host) => sum + host.flowMods, 0);
    const before = sent();
    await this.#pass(REST_MS);
    if (sent() !== before) throw new Error(`${sent() - before} FLOW_MODs at rest`);
  }

  /** Of each host, what the controller thinks of it. */
  #states(): string {
    const confirmed = this.#controller.state.world.confirmed;
    return this.#hosts
      .map(({ name }) => {
        const { result, failure } = this.#controller.report(name);
        const busy = this.#controller.isBusy(name) ? ', busy' : '';
        return `${name} ${result?.state ?? 'unseen'}${confirmed.has(name) ? '' : ', unconfirmed'}${busy} ${failure ?? ''}`;
      })
      .join('; ');
  }

  /** What a new controller puts into empty switches with the same ports is what these switches hold. */
  async #compare(): Promise<void> {
    const held = this.#hosts;
    await this.#controller.stop();
    this.#hosts = this.#newHosts();
    for (const [i, host] of this.#hosts.entries()) host.plugged = held[i]?.plugged ?? [];
    this.#controller = this.#newController();
    this.#controller.start();
    await this.#pass(REST_MS);
    for (const [i, { name, state }] of this.#hosts.entries())
      if (spelt(state) !== spelt((held[i] as SimulatedHost).state))
        throw new Error(`${name}: the tables are not what a new controller makes`);
  }
}

/** Rejects with what went wrong, the step and the last events. */
export const simulate = async (options: SimulationOptions): Promise<SimulationResult> => {
  try {
    return await new Simulation(options).run(options.events);
  } catch (error) {
    const again = `KAKURI_SEED=${options.seed} npx mocha --spec dist/test/simulation/simulation.test.js`;
    throw new Error(`seed ${options.seed}, ${(error as Error).message}\nagain: ${again}`, { cause: error });
  }
};

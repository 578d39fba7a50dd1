/**
 * The controller in one process with a seeded clock and simulated hosts: VMs come, go and migrate, the file is edited,
 * connections break, switches and the controller start again, all from the seed. In every moment nothing may leak and no
 * untouched pair may lose a packet (watch.ts), no FLOW_MOD may be needless, no queue may grow; at rest, and there are
 * several in a history, nothing more is sent, and in the end every table equals what a new controller puts into empty
 * switches. The simulation stands at HostLink: sockets and the wire are beyond it.
 */
import { createHash } from 'node:crypto';
import { Controller } from '../../src/controller/index.js';
import { type ActualState, applied, type FlowPlan } from '../../src/diff/index.js';
import type { Topology } from '../../src/topology/index.js';
import { CONTROLLER } from '../rows.js';
import { Events, type Happenings } from './events.js';
import { Intent } from './intent.js';
import { SimulatedHost, type Surroundings } from './simulated-host.js';
import { randomFrom, VirtualClock } from './virtual-clock.js';
import { Watch } from './watch.js';

export interface SimulationOptions {
  readonly seed: number;
  /** Random events. */
  readonly events: number;
  /** How switches carry plans out, and how long keys rest (milliseconds): a test plants a defect there. */
  readonly carryOut?: (state: ActualState, plan: FlowPlan) => ActualState;
  readonly quarantineMs?: number;
  /** Of what may happen this alone. */
  readonly only?: readonly Happenings[];
}

export interface SimulationResult {
  /** Of all that happened, in order. */
  readonly trace: string;
  readonly flowMods: number;
  readonly steps: number;
  readonly proofs: number;
  readonly followed: number;
}

/** Milliseconds without a fault in which everything must have come to rest. */
const REST_MS = 60_000;
/** Events between two rests, at most. */
const UNREST = 12;
/** How often the controller reads the tables again, milliseconds. */
const READ_MS = 5000;
/** Timers that a controller at rest may have, for each host. */
const MOST_TIMERS = 12;
const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

const spelt = ({ flows, groups, meters }: ActualState): string =>
  [
    ...[...flows].map(([id, { content, cookie }]) => `${id} ${content} ${cookie}`),
    ...[...groups].map(([id, { buckets }]) => `group ${id} ${buckets.map((b) => b.content).sort()}`),
    ...[...meters].map(([id, content]) => `meter ${id} ${content}`),
  ]
    .sort()
    .join('\n');

/** The first line that only one of two has. */
function firstDifference(held: string, wanted: string): string {
  const [a, b] = [held.split('\n'), wanted.split('\n')];
  const more = a.find((line) => !b.includes(line));
  const less = b.find((line) => !a.includes(line));
  return [more === undefined ? '' : `it holds ${more}`, less === undefined ? '' : `it lacks ${less}`].join('; ');
}

export class Simulation {
  readonly random: () => number;
  readonly clock: VirtualClock;
  readonly intent: Intent;
  readonly watch: Watch;
  topology: Topology;
  hosts: readonly SimulatedHost[];
  readonly #around: Surroundings;
  readonly #told: string[] = [];
  readonly #events: Events;
  #violation: Error | undefined;
  #controller: Controller;
  #steps = 0;

  constructor({ seed, carryOut = applied, quarantineMs, only }: SimulationOptions) {
    const random = randomFrom(seed);
    this.random = random;
    this.clock = new VirtualClock(random);
    const size = 3 + this.below(2);
    this.intent = new Intent({ random, hosts: size, ...(quarantineMs === undefined ? {} : { quarantineMs }) });
    this.topology = this.intent.topology(this.#wall, 'unknown');
    this.watch = new Watch(this.topology);
    const violated = (what: string): void =>
      this.judge(() => {
        throw new Error(what);
      });
    const moment = (host: SimulatedHost): void => this.judge(() => this.watch.moment(host));
    this.#around = { clock: this.clock, random, carryOut, tell: this.tell, violated, moment };
    this.hosts = this.topology.hosts.map(({ name }) => new SimulatedHost(name, this.#around));
    this.#controller = this.#newController();
    this.#events = new Events(this, only);
  }

  async run(events: number): Promise<SimulationResult> {
    this.clock.install();
    try {
      this.#controller.start();
      await this.#pass(5000);
      for (let left = events; left > 0; ) {
        const many = Math.min(left, 1 + this.below(UNREST));
        for (let i = 0; i < many; i += 1) {
          await this.#events.next();
          await this.clock.quiet();
          await this.#pass(this.random() < 0.5 ? this.below(60) : this.below(3000));
        }
        left -= many;
        this.#events.mend();
        await this.#rest();
      }
      const flowMods = this.#flowMods;
      await this.#compare();
      const trace = createHash('sha256').update(this.#told.join('\n')).digest('hex');
      const { proofs, followed } = this.watch;
      return { trace, flowMods, steps: this.#steps, proofs, followed };
    } catch (error) {
      const last = this.#told.slice(-40).join('\n');
      throw new Error(`step ${this.#steps}: ${(error as Error).message}\nlast events:\n${last}`, { cause: error });
    } finally {
      await this.#controller.stop();
      await this.clock.quiet();
      this.clock.restore();
    }
  }

  below = (n: number): number => Math.floor(this.random() * n);

  tell = (event: string): void => void this.#told.push(`${this.clock.now} ${event}`);

  /** What it throws ends the simulation after this step. */
  judge(work: () => void): void {
    if (this.#violation !== undefined) return;
    try {
      work();
    } catch (error) {
      this.#violation = error as Error;
    }
  }

  nextTopology = (): Topology => this.intent.topology(this.#wall, this.#controller.isCarriedOut ? 'right' : 'away');

  /** The file was saved, and read. */
  setTopology(next: Topology): void {
    this.topology = next;
    this.judge(() => this.watch.setTopology(this.topology));
    this.#controller.setTopology(this.topology);
  }

  /** The controller dies where it stands, and another begins; `edited`: after an edit of the file. */
  another = async (edited = false): Promise<void> => {
    const dying = this.#controller.stop();
    if (edited) {
      this.topology = this.intent.topology(this.#wall, 'unknown');
      this.judge(() => this.watch.setTopology(this.topology));
    }
    this.#controller = this.#newController();
    await dying;
    this.#controller.start();
  };

  /** True when the controller has heard every host, and read it. */
  get hasHeardAll(): boolean {
    return this.#controller.state.world.confirmed.size === this.hosts.length;
  }

  /** Networks whose packets come by more ways than one. */
  changing = (): readonly string[] =>
    this.#controller.state.world.topology.networks.filter((n) => n.former !== undefined).map(({ path }) => path);

  get #wall(): number {
    return 1_700_000_000_000 + this.clock.now + this.clock.wall;
  }

  get #flowMods(): number {
    return this.hosts.reduce((sum, host) => sum + host.flowMods, 0);
  }

  #newController(): Controller {
    return new Controller({
      topology: this.topology,
      openLink: ({ name }, onChange, onArrival) => {
        const host = this.hosts.find((other) => other.name === name);
        if (host === undefined) throw new Error(`no host ${name}`);
        return host.link(onChange, onArrival);
      },
      controllerTarget: () => CONTROLLER,
      log: QUIET,
      now: () => this.clock.now,
      readEveryMs: READ_MS,
    });
  }

  /** Lets this much time pass. */
  async #pass(ms: number): Promise<void> {
    const end = this.clock.now + ms;
    while (this.clock.now < end) {
      await this.clock.step();
      this.#steps += 1;
      if (this.#violation !== undefined) throw this.#violation;
    }
  }

  /** Everything mended: settled in time, right, and then nothing more is sent. */
  async #rest(): Promise<void> {
    this.tell('rest');
    await this.#pass(REST_MS);
    // While the tables are read again, as they are every few seconds, it says nothing of them.
    const end = this.clock.now + READ_MS;
    while (!this.#controller.settled && this.clock.now < end) await this.#pass(1);
    if (!this.#controller.settled)
      throw new Error(`not settled after ${REST_MS} ms without a fault: ${this.#states()}`);
    this.watch.rest(this.hosts);
    const before = this.#flowMods;
    if (this.random() < 0.3) {
      this.tell('another controller at rest');
      await this.another();
    }
    await this.#pass(REST_MS / 4);
    if (this.#flowMods !== before) throw new Error(`${this.#flowMods - before} FLOW_MODs at rest`);
    if (this.clock.timers > MOST_TIMERS * this.hosts.length) throw new Error(`${this.clock.timers} timers at rest`);
  }

  /** Of each host, what the controller thinks of it. */
  #states(): string {
    const confirmed = this.#controller.state.world.confirmed;
    return this.hosts
      .map(({ name }) => {
        const { result, failure } = this.#controller.report(name);
        const busy = this.#controller.isBusy(name) ? ', busy' : '';
        const said = [...(result?.errors ?? []), failure ?? ''].join('; ');
        return `${name} ${result?.state ?? 'unseen'}${confirmed.has(name) ? '' : ', unconfirmed'}${busy} ${said}`;
      })
      .join(' | ');
  }

  /** What a new controller puts into empty switches with the same ports is what these switches hold. */
  async #compare(): Promise<void> {
    const held = this.hosts;
    await this.#controller.stop();
    const around = { ...this.#around, moment: () => undefined };
    this.hosts = held.map((host) => host.fresh(around));
    this.#controller = this.#newController();
    this.#controller.start();
    await this.#pass(REST_MS);
    for (const [i, { name, tables }] of this.hosts.entries()) {
      const [was, is] = [spelt((held[i] as SimulatedHost).tables), spelt(tables)];
      if (was !== is) throw new Error(`${name}: not what a new controller makes: ${firstDifference(was, is)}`);
    }
  }
}

/** Rejects with what went wrong, the step and the last events. */
export const simulate = async (options: SimulationOptions): Promise<SimulationResult> => {
  try {
    return await new Simulation(options).run(options.events);
  } catch (error) {
    const again = `npm run simulate:faults -- --seed ${options.seed} --events ${options.events} --seconds 0`;
    throw new Error(`seed ${options.seed}, ${(error as Error).message}\nagain: ${again}`, { cause: error });
  }
};

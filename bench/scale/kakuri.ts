/** A controller of this process over hosts that are reached by sockets: started, waited for, stopped. */
import { pino } from 'pino';
import { Controller } from '../../src/controller/index.js';
import { datapathId } from '../../src/desired/index.js';
import { type HostLink, HostSession, openSwitchHub } from '../../src/session/index.js';
import type { Topology } from '../../src/topology/index.js';

const PROBE_MS = 60_000;
/** Switches are read again so rarely that no step is measured with it, milliseconds. */
const READ_EVERY_MS = 3_600_000;
const STUCK_MS = 200_000;
const LOOK_MS = 5;

/** `target`: what hosts are told to connect to. */
type OtherLink = (name: string, controller: () => Controller, target: string) => HostLink | undefined;

export class Kakuri {
  readonly controller: Controller;
  readonly #close: () => Promise<void>;

  private constructor(controller: Controller, close: () => Promise<void>) {
    this.controller = controller;
    this.#close = close;
  }

  /** `other`: hosts that are not reached by sockets. */
  static async start(topology: Topology, other: OtherLink = () => undefined): Promise<Kakuri> {
    const byId = new Map<string, HostSession>();
    const hub = await openSwitchHub({
      address: 'ptcp:0:127.0.0.1',
      probeMs: PROBE_MS,
      hostOf: (id) => byId.get(id),
      onRefused: (remote, reason) => process.stderr.write(`switch ${remote} refused: ${reason}\n`),
    });
    const target = `tcp:127.0.0.1:${/^p[a-z]+:(\d+)/.exec(hub.address)?.[1] ?? ''}`;
    const controller: Controller = new Controller({
      topology,
      openLink: (host, onChange) => {
        const link = other(host.name, () => controller, target);
        if (link !== undefined) return link;
        const session = new HostSession(host, onChange);
        byId.set(datapathId(host.name), session);
        return session;
      },
      controllerTarget: () => target,
      log: pino({ level: 'silent' }),
      now: () => performance.now(),
      readEveryMs: READ_EVERY_MS,
    });
    controller.start();
    return new Kakuri(controller, async () => {
      await controller.stop();
      await hub.close();
    });
  }

  /** Resolves when `holds`. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const end = performance.now() + STUCK_MS;
    while (!holds()) {
      if (performance.now() > end) throw new Error(`${what}: not within ${STUCK_MS / 1000} s: ${this.#troubles()}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Resolves when every host holds what it should, read back, and all these ports are bound. */
  async settled(paths: readonly string[] = []): Promise<void> {
    const left = [...paths];
    const { controller } = this;
    await this.until('every host confirmed', () => {
      while (left.length > 0 && controller.state.bound.get(left.at(-1) ?? '')?.state === 'bound') left.pop();
      return left.length === 0 && controller.settled;
    });
  }

  #troubles(): string {
    const { controller } = this;
    const reports = controller.state.world.topology.hosts.map(({ name }) => {
      const { result, failure } = controller.report(name);
      return `${name}: ${result?.state} ${failure ?? ''} ${result?.errors.slice(0, 2).join('; ') ?? ''}`;
    });
    return reports.slice(0, 5).join(' · ');
  }

  stop(): Promise<void> {
    return this.#close();
  }
}

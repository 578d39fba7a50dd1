/**
 * A controller over fake hosts on real sockets, step by step: hosts heard and set up, ports plugged in, single changes,
 * changes as fast as they go, a restart. Each step tells what it took; the controller is this process's, the hosts are a
 * second one's.
 */
import { pino } from 'pino';
import { Controller } from '../../controller/index.js';
import { datapathId, waitingFor } from '../../desired/index.js';
import { HostSession, openSwitchHub } from '../../session/index.js';
import type { Network, Port, Topology } from '../../topology/index.js';
import { FakeHosts } from './fake-hosts.js';
import type { FakeStats, FakeTunnels } from './fake-hosts-process.js';
import type { Site } from './site.js';

const MB = 1e6;
const PROBE_MS = 60_000;
/** How often switches are read again, milliseconds: rarely, so that steps are not measured with it. */
const READ_EVERY_MS = 3_600_000;
/** Nothing happens for so long: something is wrong. */
const STUCK_MS = 120_000;

/** What a step took. */
export interface Cost {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** FLOW_MODs that switches carried out. */
  readonly flowMods: number;
  /** Of the controller's process at its end, MB. */
  readonly megabytes: number;
}

interface Placed {
  readonly network: Network;
  readonly port: Port;
}

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

type Hub = Awaited<ReturnType<typeof openSwitchHub>>;

export class Simulation {
  readonly hosts = new FakeHosts();
  readonly #site: Site;
  readonly #ports = new Map<string, Placed>();
  readonly #hostOf = new Map<string, string>();
  #topology: Topology;
  #address = 'ptcp:0:127.0.0.1';
  #controller: Controller | undefined;
  #hub: Hub | undefined;

  private constructor(site: Site) {
    this.#site = site;
    this.#topology = site.topology;
    for (const network of site.topology.networks)
      for (const port of network.ports) this.#ports.set(port.ifaceId, { network, port });
    for (const [host, ifaceIds] of site.places) for (const ifaceId of ifaceIds) this.#hostOf.set(ifaceId, host);
  }

  /** Starts the fake hosts, without a controller. `listen`: where their OVSDB is, `%` stands for the host's name. */
  static async start(site: Site, listen = 'ptcp:0:127.0.0.1'): Promise<Simulation> {
    const simulation = new Simulation(site);
    const hosts = site.topology.hosts.map(({ name }) => ({ name, datapathId: datapathId(name) }));
    const remotes = await simulation.hosts.ask('start', { hosts, listen });
    simulation.#topology = {
      ...site.topology,
      hosts: site.topology.hosts.map((host) => ({ ...host, ovsdb: remotes[host.name] ?? host.ovsdb })),
    };
    return simulation;
  }

  /** What a step takes. */
  async measured(step: () => Promise<void>): Promise<Cost> {
    const before = await this.stats();
    const [began, cpu] = [performance.now(), cpuSeconds()];
    await step();
    const [seconds, used] = [(performance.now() - began) / 1000, cpuSeconds() - cpu];
    const flowMods = (await this.stats()).flowMods - before.flowMods;
    return { seconds, cpuSeconds: used, flowMods, megabytes: process.memoryUsage().rss / MB };
  }

  stats(): Promise<FakeStats> {
    return this.hosts.ask('stats', null);
  }

  tunnels(): Promise<FakeTunnels> {
    return this.hosts.ask('tunnels', null);
  }

  get controller(): Controller {
    if (this.#controller === undefined) throw new Error('no controller runs');
    return this.#controller;
  }

  get confirmedHosts(): number {
    return this.#controller?.state.world.confirmed.size ?? 0;
  }

  /** Starts a controller: the first one, or after `stopController` another. Resolves when every host is confirmed. */
  async startController(): Promise<void> {
    const sessions = new Map<string, HostSession>();
    const byId = new Map<string, HostSession>();
    const hub = await openSwitchHub({
      address: this.#address,
      probeMs: PROBE_MS,
      hostOf: (id) => byId.get(id),
      onRefused: (remote, reason) => process.stderr.write(`switch ${remote} refused: ${reason}\n`),
    });
    this.#hub = hub;
    this.#address = hub.address;
    const port = /^p[a-z]+:(\d+)/.exec(hub.address)?.[1] ?? '';
    const controller = new Controller({
      topology: this.#topology,
      openLink: (host, onChange) => {
        const session = new HostSession(host, onChange);
        sessions.set(host.name, session);
        byId.set(datapathId(host.name), session);
        return session;
      },
      controllerTarget: () => `tcp:127.0.0.1:${port}`,
      log: pino({ level: 'silent' }),
      now: () => performance.now(),
      readEveryMs: READ_EVERY_MS,
    });
    this.#controller = controller;
    controller.start();
    await this.until(() => controller.settled);
  }

  async stopController(): Promise<void> {
    await this.#controller?.stop();
    await this.#hub?.close();
    this.#controller = undefined;
  }

  /** Resolves when `holds`; asked after passes, and every so often. Rejects when nothing happens any more. */
  until(holds: () => boolean, look: (listener: () => void) => () => void = (l) => this.#everyPass(l)): Promise<void> {
    return new Promise((resolve, reject) => {
      let asked = false;
      let stuck = setTimeout(() => end(new Error('nothing happens any more')), STUCK_MS);
      const end = (error?: Error): void => {
        stop();
        clearTimeout(stuck);
        if (error === undefined) resolve();
        else reject(error);
      };
      const ask = (): void => {
        asked = false;
        if (holds()) end();
      };
      // Once a turn at most, however many passes end in it.
      const stop = look(() => {
        clearTimeout(stuck);
        stuck = setTimeout(() => end(new Error('nothing happens any more')), STUCK_MS);
        if (asked) return;
        asked = true;
        setImmediate(ask);
      });
      ask();
    });
  }

  #everyPass(listener: () => void): () => void {
    const timer = setInterval(listener, 100);
    return () => clearInterval(timer);
  }

  /** Plugs all ports in but those left out, and resolves when every host is confirmed. */
  async plugAll(except: ReadonlySet<string> = new Set()): Promise<void> {
    const places = [...this.#site.places].map(([host, ids]) => [host, ids.filter((id) => !except.has(id))] as const);
    await this.hosts.ask('plug', Object.fromEntries(places.filter(([, ids]) => ids.length > 0)));
    const left = [...this.#ports.values()].filter(({ port }) => !except.has(port.ifaceId));
    await this.until(() => {
      while (left.length > 0 && this.controller.state.bound.get(left.at(-1)?.port.path ?? '')?.state === 'bound')
        left.pop();
      return left.length === 0 && this.controller.settled;
    });
  }

  /** Plugs one port in; milliseconds until every host concerned has confirmed it by read-back. */
  async plugOne(ifaceId: string): Promise<number> {
    const placed = this.#ports.get(ifaceId);
    const host = this.#hostOf.get(ifaceId);
    if (placed === undefined || host === undefined) throw new Error(`no port ${ifaceId}`);
    const began = performance.now();
    const plugged = this.hosts.ask('plug', { [host]: [ifaceId] });
    const isReached = (): boolean => {
      const { state } = this.controller;
      return state.bound.get(placed.port.path)?.state === 'bound' && waitingFor(state, placed).length === 0;
    };
    await this.until(isReached, (listener) => this.controller.onPass(listener));
    const milliseconds = performance.now() - began;
    await plugged;
    return milliseconds;
  }

  async close(): Promise<void> {
    await this.stopController();
    this.hosts.close();
  }
}

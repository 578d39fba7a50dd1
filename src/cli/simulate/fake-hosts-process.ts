/**
 * The process of the fake hosts: does what its parent asks by IPC, so that what it costs is not counted as the
 * controller's. Ends with its parent.
 */
import { FakeHost } from './fake-host.js';

export interface HostToStart {
  readonly name: string;
  /** 16 hexadecimal digits. */
  readonly datapathId: string;
}

export interface FakeStats {
  /** FLOW_MODs carried out by all switches. */
  readonly flowMods: number;
  readonly flows: number;
  readonly cpuSeconds: number;
  readonly megabytes: number;
}

/** How the hosts are joined, as their own databases and flow tables say it. */
export interface FakeTunnels {
  /** Tunnel ports of all hosts by the type of their Interface row. */
  readonly ports: Readonly<Record<string, number>>;
  /** Different keys on the wire that some host takes packets with; key 0 is none. */
  readonly keys: number;
}

/** What can be asked, each with its answer. */
export interface Requests {
  start: {
    readonly ask: { readonly hosts: readonly HostToStart[]; readonly listen: string };
    readonly answer: Readonly<Record<string, string>>;
  };
  /** How many hosts have a bridge. */
  bridges: { readonly ask: null; readonly answer: number };
  plug: { readonly ask: Readonly<Record<string, readonly string[]>>; readonly answer: null };
  unplug: { readonly ask: { readonly host: string; readonly ifaceId: string }; readonly answer: null };
  stats: { readonly ask: null; readonly answer: FakeStats };
  tunnels: { readonly ask: null; readonly answer: FakeTunnels };
  /** Begins to look, every so many milliseconds, whether a host lacks a flow that it has now. */
  watch: { readonly ask: { readonly everyMs: number }; readonly answer: null };
  /** Ends it: looks in vain, and of how many. */
  watched: { readonly ask: null; readonly answer: { readonly lost: number; readonly looks: number } };
}
export type RequestName = keyof Requests;
export interface Request {
  readonly id: number;
  readonly name: RequestName;
  readonly ask: unknown;
}
export interface Answer {
  readonly id: number;
  readonly answer?: unknown;
  readonly error?: string;
}

const MB = 1e6;

class FakeHosts {
  readonly #hosts = new Map<string, FakeHost>();
  #watch: { readonly timer: NodeJS.Timeout; lost: number; looks: number } | undefined;

  readonly handlers: { readonly [N in RequestName]: (ask: Requests[N]['ask']) => unknown } = {
    start: async ({ hosts, listen }) => {
      for (const { name, datapathId } of hosts)
        this.#hosts.set(name, await FakeHost.start(BigInt(`0x${datapathId}`), listen.replace('%', name)));
      return Object.fromEntries([...this.#hosts].map(([name, host]) => [name, host.remote]));
    },
    bridges: () => [...this.#hosts.values()].filter((host) => host.hasBridge).length,
    plug: (places) => {
      for (const [name, ifaceIds] of Object.entries(places)) this.#host(name).plug(ifaceIds);
      return null;
    },
    unplug: ({ host, ifaceId }) => {
      this.#host(host).unplug(ifaceId);
      return null;
    },
    stats: () => this.#stats(),
    tunnels: () => this.#tunnels(),
    watch: ({ everyMs }) => this.#begin(everyMs),
    watched: () => {
      const { timer, lost, looks } = this.#watch ?? { timer: undefined, lost: 0, looks: 0 };
      clearInterval(timer);
      return { lost, looks };
    },
  };

  #host(name: string): FakeHost {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new Error(`no fake host ${name}`);
    return host;
  }

  #stats(): FakeStats {
    const { user, system } = process.cpuUsage();
    let flowMods = 0;
    let flows = 0;
    for (const { switch: of } of this.#hosts.values()) {
      flowMods += of.flowMods;
      flows += of.tables.flows.size;
    }
    return { flowMods, flows, cpuSeconds: (user + system) / 1e6, megabytes: process.memoryUsage().rss / MB };
  }

  #tunnels(): FakeTunnels {
    const ports: Record<string, number> = {};
    const keys = new Set<string>();
    for (const host of this.#hosts.values()) {
      for (const type of host.tunnelTypes()) ports[type] = (ports[type] ?? 0) + 1;
      for (const { mod } of host.switch.tables.flows.values()) {
        const { tun_id } = mod.match;
        if (tun_id !== undefined && tun_id.value !== 0n) keys.add(`${tun_id.value}/${tun_id.mask}`);
      }
    }
    return { ports, keys: keys.size };
  }

  /** A flow that was there and is not, or is another one, could not have carried a packet. */
  #begin(everyMs: number): null {
    const before = new Map([...this.#hosts.values()].map(({ switch: of }) => [of, new Set(of.tables.flows.values())]));
    const watch = { lost: 0, looks: 0, timer: setInterval(() => look(), everyMs) };
    const look = (): void => {
      for (const [of, flows] of before) {
        watch.looks += 1;
        let same = 0;
        for (const flow of of.tables.flows.values()) if (flows.has(flow)) same += 1;
        if (same < flows.size) watch.lost += 1;
      }
    };
    this.#watch = watch;
    return null;
  }
}

const hosts = new FakeHosts();
const reply = (answer: Answer): void => void process.send?.(answer);

process.on('message', ({ id, name, ask }: Request) => {
  const done = async (): Promise<unknown> => hosts.handlers[name](ask as never);
  done().then(
    (answer) => reply({ id, answer }),
    (error: Error) => reply({ id, error: error.stack ?? error.message }),
  );
});
process.on('disconnect', () => process.exit(0));

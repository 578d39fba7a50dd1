/**
 * Who was refused, and why: one entry for each address and reason, ports left out, with how often and when last. Of
 * strangers there may be any number, so only the latest are kept. Repeated ones are told again once a minute.
 */

export interface RefusedPeer {
  /** Where it came from, or where it was dialled, as OVS writes addresses; without the port of a peer that dialled. */
  readonly remote: string;
  readonly reason: string;
  readonly count: number;
  /** When last, ISO 8601. */
  readonly last: string;
}

/** Entries kept. */
const MOST = 100;
/** From one telling of the same to the next, milliseconds. */
const QUIET_MS = 60_000;

/** `tcp:10.0.0.1:4242` without the port that the system drew for it. */
const withoutPort = (remote: string): string => /^((?:tcp|ssl):.*):\d+$/.exec(remote)?.[1] ?? remote;

interface Entry extends RefusedPeer {
  readonly toldAt: number;
}

export class RefusedPeers {
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;
  readonly #tell: (peer: RefusedPeer) => void;

  /** `now`: milliseconds since 1970. `tell` hears of the first, and of repeated ones once a minute. */
  constructor(now: () => number, tell: (peer: RefusedPeer) => void) {
    this.#now = now;
    this.#tell = tell;
  }

  add(address: string, reason: string): void {
    const remote = withoutPort(address);
    const key = `${remote}\n${reason}`;
    const now = this.#now();
    const known = this.#entries.get(key);
    const silent = known !== undefined && Math.abs(now - known.toldAt) < QUIET_MS;
    const peer = { remote, reason, count: (known?.count ?? 0) + 1, last: new Date(now).toISOString() };
    this.#entries.delete(key);
    this.#entries.set(key, { ...peer, toldAt: silent ? known.toldAt : now });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MOST && oldest !== undefined) this.#entries.delete(oldest);
    if (!silent) this.#tell(peer);
  }

  /** The latest last. */
  list(): readonly RefusedPeer[] {
    return [...this.#entries.values()].map(({ toldAt: _, ...peer }) => peer);
  }
}

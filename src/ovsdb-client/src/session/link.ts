/**
 * Keeps one JSON-RPC connection up: dials, probes, reconnects with back-off over the remotes in turn. What is said over the
 * connection is its owner's affair. Each connection is an object of its own, so that a late callback of an older one does nothing.
 */
import type { Socket } from 'node:net';
import { formatAddress, parseActive } from '../address.js';
import { OvsdbError } from '../errors.js';
import { dial, type Resumable, type TlsOptions } from './dial.js';
import { type ReconnectEvent, type ReconnectTimes, reconnectStart, reconnectStep } from './reconnect.js';
import { RpcConnection } from './rpc.js';
import type { RpcOptions } from './rpc-options.js';

export interface LinkOptions {
  /** Active addresses, tried in turn. */
  readonly remotes: readonly string[];
  /** A connection that is already there (a peer dialled in): used once, never re-opened. */
  readonly accepted?: Socket;
  readonly tls?: TlsOptions;
  readonly times: ReconnectTimes;
  readonly rpc: Partial<RpcOptions>;
}
export interface LinkEvents {
  readonly onConnecting: (remote: string) => void;
  readonly onUp: (rpc: RpcConnection, socket: Socket, remote: string) => void;
  readonly onNotification: (method: string, params: readonly unknown[]) => void;
  /** The connection, or the attempt at one, has ended. */
  readonly onDown: (reason: OvsdbError) => void;
}

export class Link {
  readonly #options: LinkOptions;
  readonly #events: LinkEvents;
  #state = reconnectStart(0);
  #timer: NodeJS.Timeout | undefined;
  #socket: Socket | undefined;
  #rpc: RpcConnection | undefined;
  #next = 0;
  /** By remote. */
  readonly #resumable = new Map<string, Resumable>();
  #running = false;
  /** When octets last came while active. */
  #heardAt = 0;

  constructor(options: LinkOptions, events: LinkEvents) {
    this.#options = options;
    this.#events = events;
    for (const remote of options.remotes) parseActive(remote);
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#state = reconnectStart(this.#now());
    if (this.#options.accepted) {
      this.#state = { ...this.#state, name: 'connecting' };
      this.#open(this.#options.accepted, 'accepted');
      this.#step('connected');
    } else this.#step('deadline');
  }

  /** Ends the connection and the attempts at one. Idempotent. */
  close(reason: OvsdbError): void {
    this.#running = false;
    clearTimeout(this.#timer);
    this.#hangUp(reason);
  }

  /** Leaves the present remote for the next, as after a failure. */
  drop(reason: OvsdbError): void {
    this.#hangUp(reason, 'disconnected');
  }

  /** The session works: the next back-off starts afresh. */
  settled(): void {
    this.#step('settled');
  }

  readonly #now = () => performance.now();

  /** Octets came: in the steady state only the time is noted, to be looked at when the deadline comes. */
  #heard(): void {
    if (this.#state.name === 'active') this.#heardAt = this.#now();
    else this.#step('received');
  }

  #step(event: ReconnectEvent): void {
    if (!this.#running) return;
    const [state, order] = reconnectStep(this.#options.times, this.#state, event, this.#now(), Math.random());
    const rearm = state.until !== this.#state.until && (event !== 'received' || state.name !== this.#state.name);
    this.#state = state;
    if (order === 'connect') this.#connect();
    else if (order === 'probe') this.#probe();
    else if (order === 'disconnect') this.#hangUp(this.#silence());
    // A deadline that only moves away is looked at when the old one comes: no timer is set for each octet.
    if (rearm) this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (!this.#running || this.#state.until === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#onTimer(), Math.max(0, this.#state.until - this.#now()));
  }

  #onTimer(): void {
    if (this.#state.name === 'active') {
      const [heard] = reconnectStep(this.#options.times, this.#state, 'received', this.#heardAt);
      if (heard.until > this.#state.until) this.#state = heard;
    }
    if (this.#now() < this.#state.until - 1) this.#arm();
    else this.#step('deadline');
  }

  #silence(): OvsdbError {
    const probing = this.#rpc !== undefined;
    const details = probing ? 'no answer to the probe' : `nothing heard within ${this.#options.times.connectMs} ms`;
    return new OvsdbError('connection lost', { details });
  }

  #probe(): void {
    // Its answer is octets like any other; only silence counts.
    this.#rpc?.request('echo', [], { timeoutMs: 0 }).catch(() => undefined);
  }

  #connect(): void {
    const { remotes, tls } = this.#options;
    const remote = remotes[this.#next++ % remotes.length];
    if (remote === undefined) return;
    const address = parseActive(remote);
    this.#events.onConnecting(formatAddress(address));
    const resumable = this.#resumable.get(remote) ?? {};
    this.#resumable.set(remote, resumable);
    const onOpen = (): void => {
      if (this.#socket !== socket) return;
      socket.off('error', failed);
      this.#open(socket, remote);
      this.#step('connected');
    };
    const socket = dial(address, tls, onOpen, resumable);
    const failed = (cause: Error) => {
      if (this.#socket === socket && this.#rpc === undefined)
        this.#hangUp(
          new OvsdbError('connection lost', { details: `${remote}: ${cause.message}`, cause }),
          'disconnected',
        );
    };
    this.#socket = socket;
    socket.on('error', failed);
  }

  #open(socket: Socket, remote: string): void {
    this.#socket = socket;
    const rpc = new RpcConnection(
      socket,
      {
        onActivity: () => this.#heard(),
        onNotification: (method, params) => this.#rpc === rpc && this.#events.onNotification(method, params),
        onClose: (reason) => this.#onClose(rpc, reason),
      },
      this.#options.rpc,
    );
    this.#rpc = rpc;
    this.#events.onUp(rpc, socket, remote);
  }

  #onClose(rpc: RpcConnection, reason: OvsdbError): void {
    if (this.#rpc !== rpc) return;
    this.#rpc = undefined;
    this.#socket = undefined;
    this.#step('disconnected');
    if (this.#options.accepted) this.close(reason);
    this.#events.onDown(reason);
  }

  /** Ends what there is: an open connection, or an attempt. */
  #hangUp(reason: OvsdbError, event?: ReconnectEvent): void {
    if (this.#rpc) {
      this.#rpc.close(reason);
      return;
    }
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return;
    socket.destroy();
    if (event) this.#step(event);
    this.#events.onDown(reason);
  }
}

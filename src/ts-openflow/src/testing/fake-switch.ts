/**
 * A switch in memory that speaks real octets over a socket, with the semantics of Open vSwitch 3.1 where they matter to a
 * controller: overlap, cookies, strict and loose changes, timeouts, full tables, groups, meters, roles, bundles. It has no
 * data path: no packet moves, so counters stay 0 and an idle timeout counts from the installation.
 */
import { connect, createServer, type Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { MessageInput, MessageOf } from '../message.js';
import { type Address, formatAddress, parseAddress } from '../session/address.js';
import { type ConnectOptions, openSession } from '../session/connect.js';
import type { Session } from '../session/session.js';
import { type Clock, SYSTEM_CLOCK } from './clock.js';
import { duplexPair } from './duplex.js';
import { FakeConnection } from './fake-connection.js';
import type { FakePort } from './replies.js';
import { age } from './replies.js';
import type { SwitchState } from './switch-state.js';
import { type Removed, Tables } from './tables.js';

/** What the switch has and how much it holds; all may be left out. */
export interface FakeSwitchOptions {
  /** Default 1n. */
  readonly datapath_id?: bigint;
  readonly ports?: readonly FakePort[];
  /** Most flows of one table. Default 1,000,000. */
  readonly maxFlows?: number;
  /** The same for single tables, by their number. */
  readonly tableLimits?: Readonly<Record<number, number>>;
  /** An open bundle that hears nothing for longer is forgotten, milliseconds. Default 10,000. */
  readonly bundleIdleMs?: number;
  readonly clock?: Clock;
}

const SEND_FLOW_REM = 1;
const TICK_MS = 100;
/** ofp_port_reason. */
const PORT_ADD = 0;
const PORT_DELETE = 1;

/** A switch in memory that speaks real octets, with the semantics of Open vSwitch 3.1. */
export class FakeSwitch implements SwitchState {
  readonly datapath_id: bigint;
  readonly clock: Clock;
  readonly bundleIdleMs: number;
  tables: Tables;
  /** FLOW_MODs carried out, those of bundles included. */
  flowMods = 0;
  /** The newest generation id of a role request. */
  generation: bigint | undefined;
  readonly ports: FakePort[];
  readonly #connections = new Set<FakeConnection>();
  readonly #servers = new Set<Server>();
  readonly #stopClock: () => void;

  constructor(options: FakeSwitchOptions = {}) {
    this.datapath_id = options.datapath_id ?? 1n;
    this.clock = options.clock ?? SYSTEM_CLOCK;
    this.bundleIdleMs = options.bundleIdleMs ?? 10_000;
    this.ports = [...(options.ports ?? [])];
    this.tables = new Tables((table_id) => options.tableLimits?.[table_id] ?? options.maxFlows ?? 1_000_000);
    this.#stopClock = this.clock.every(TICK_MS, () => {
      this.announce(this.tables.expire(this.clock.now()));
      for (const connection of this.#connections) connection.expireBundles();
    });
  }

  /** Dials a controller: `tcp:IP:PORT` or `unix:PATH`; `onEnd` is called when that connection is over, or was none. */
  dial(address: string, onEnd?: () => void): void {
    const a = parseAddress(address);
    const socket = a.kind === 'tcp' ? connect(a.port, a.host) : a.kind === 'unix' ? connect(a.path) : undefined;
    if (socket === undefined) throw new Error(`a fake switch dials tcp: and unix: only, not ${address}`);
    if (onEnd !== undefined) socket.once('close', onEnd);
    this.attach(socket);
  }

  /** Listens as `ptcp:[PORT][:IP]` or `punix:PATH`; resolves to the address to dial. */
  async listen(address: string): Promise<string> {
    const a: Address = parseAddress(address);
    const server = createServer((socket) => this.attach(socket));
    this.#servers.add(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      if (a.kind === 'punix') server.listen(a.path, resolve);
      else if (a.kind === 'ptcp') server.listen(a.port, a.host ?? '127.0.0.1', resolve);
      else reject(new Error(`a fake switch listens on ptcp: and punix: only, not ${address}`));
    });
    if (a.kind === 'punix') return formatAddress({ kind: 'unix', path: a.path });
    const { port } = server.address() as { port: number };
    return `tcp:${a.kind === 'ptcp' ? (a.host ?? '127.0.0.1') : ''}:${port}`;
  }

  /** Speaks OpenFlow on a socket. */
  attach(socket: Duplex): void {
    // As Open vSwitch does (stream-tcp.c): its many small answers would wait for acknowledgements, 40 ms each.
    if (socket instanceof Socket) socket.setNoDelay(true);
    const connection = new FakeConnection(socket, this);
    this.#connections.add(connection);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#connections.delete(connection));
  }

  /** A session in memory, without a socket: as `connect` gives one. */
  session(options: ConnectOptions = {}): Promise<Session> {
    const [controller, own] = duplexPair();
    this.attach(own);
    return openSession(controller, 'in memory', options);
  }

  /** Sends to all controllers that hear of asynchronous events. */
  broadcast(message: MessageInput): void {
    for (const connection of this.#connections) connection.event(message);
  }

  /** A packet for the controllers. */
  packetIn(message: Omit<MessageOf<'PacketIn'>, 'kind' | 'xid' | 'version'>): void {
    this.broadcast({ ...message, kind: 'PacketIn', xid: 0 } as MessageInput);
  }

  addPort(port: FakePort): void {
    this.ports.push(port);
    this.broadcast({ kind: 'PortStatus', xid: 0, reason: PORT_ADD, port: { hw_addr: 0, ...port } } as MessageInput);
  }

  removePort(port_no: number): void {
    const at = this.ports.findIndex((port) => port.port_no === port_no);
    if (at < 0) throw new Error(`no port ${port_no}`);
    const [port] = this.ports.splice(at, 1);
    this.broadcast({ kind: 'PortStatus', xid: 0, reason: PORT_DELETE, port: { hw_addr: 0, ...port } } as MessageInput);
  }

  /** FLOW_REMOVED for each flow that asked for it. */
  announce(removed: readonly Removed[]): void {
    for (const { flow, reason } of removed) {
      if ((flow.mod.flags & SEND_FLOW_REM) === 0) continue;
      const { cookie, priority, table_id, idle_timeout, hard_timeout, match } = flow.mod;
      const head = { cookie, priority, reason, table_id, idle_timeout, hard_timeout, match };
      const counts = { ...age(flow, this.clock.now()), packet_count: 0n, byte_count: 0n };
      this.broadcast({ kind: 'FlowRemoved', xid: 0, ...head, ...counts } as MessageInput);
    }
  }

  /** Breaks every connection; listening goes on. */
  disconnect(): void {
    for (const connection of this.#connections) connection.close();
  }

  /** Ends everything. */
  async close(): Promise<void> {
    this.#stopClock();
    this.disconnect();
    for (const server of this.#servers) await new Promise((resolve) => server.close(resolve));
  }
}

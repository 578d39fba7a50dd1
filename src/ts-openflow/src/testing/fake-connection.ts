/** One controller's connection to the fake switch: octets to messages, messages to changes and answers, and its bundles. */
import type { Duplex } from 'node:stream';
import { DecodeError } from '../errors.js';
import { decodeMessage, encodeMessage, type Message, type MessageInput, type MessageOf } from '../message.js';
import { helloElements } from '../messages/basic.js';
import { Framer } from '../session/framer.js';
import { negotiate } from '../session/hello.js';
import { isOpenFlowVersion, type OpenFlowVersion } from '../version.js';
import { replyBody } from './replies.js';
import type { SwitchState } from './switch-state.js';
import { checkFlowMod, Refusal, type Removed, type Tables } from './tables.js';

const VERSIONS: readonly OpenFlowVersion[] = [6, 5, 4];
const HIGHEST = 6;
const MORE = 1;
/** Entries in one part of a multipart reply: any 100 of ours fit. */
const PART = 100;
const BAD_REQUEST_TYPE = [1, 1] as const;
const BAD_REQUEST_STAT = [1, 2] as const;
const ROLE_STALE = [11, 0] as const;
const BUNDLE = { BAD_ID: [17, 2], MSG_UNSUP: [17, 10], MSG_FAILED: [17, 13] } as const;

interface Bundle {
  readonly messages: { readonly xid: number; readonly octets: Buffer; readonly message: Message }[];
  lastHeard: number;
}

export class FakeConnection {
  readonly #socket: Duplex;
  readonly #switch: SwitchState;
  readonly #framer = new Framer();
  readonly #bundles = new Map<number, Bundle>();
  #version: OpenFlowVersion | undefined;
  #role = 'equal';

  constructor(socket: Duplex, of: SwitchState) {
    this.#socket = socket;
    this.#switch = of;
    socket.write(encodeMessage({ kind: 'Hello', elements: helloElements(VERSIONS) }, HIGHEST));
    socket.on('data', (chunk: Buffer) => {
      try {
        this.#framer.push(chunk, (octets) => this.#take(octets));
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        socket.destroy();
      }
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  /** An asynchronous message; a secondary gets PORT_STATUS only (OpenFlow 1.3.5 clause 6.3.6). */
  event(message: MessageInput): void {
    if (this.#version === undefined || (this.#role === 'secondary' && message.kind !== 'PortStatus')) return;
    this.#send(message);
  }

  expireBundles(): void {
    const now = this.#switch.clock.now();
    for (const [id, bundle] of this.#bundles)
      if (now - bundle.lastHeard >= this.#switch.bundleIdleMs) this.#bundles.delete(id);
  }

  #send(message: MessageInput): void {
    if (!this.#socket.destroyed) this.#socket.write(encodeMessage(message, this.#version ?? HIGHEST));
  }

  #error([type, code]: readonly [number, number], request: Buffer, xid = request.readUInt32BE(4)): void {
    this.#send({ kind: 'Error', xid, type, code, data: request });
  }

  #take(octets: Buffer): void {
    if (this.#version === undefined) {
      this.#hello(octets);
      return;
    }
    try {
      this.#answer(decodeMessage(octets), octets);
    } catch (error) {
      if (error instanceof Refusal) this.#error([error.type, error.code], octets);
      else if (error instanceof DecodeError) this.#error(BAD_REQUEST_TYPE, octets);
      else throw error;
    }
  }

  #hello(octets: Buffer): void {
    const version = octets[0] as number;
    const hello = isOpenFlowVersion(version) ? decodeMessage(octets) : undefined;
    const bitmap = hello?.kind === 'Hello' ? hello.elements.find((e) => e.type === 1)?.octets : undefined;
    const word = bitmap === undefined || bitmap.length < 4 ? 0 : bitmap.readUInt32BE(0);
    const versions = Array.from({ length: 32 }, (_, v) => v).filter((v) => (word >>> v) & 1);
    this.#version = negotiate(VERSIONS, { version, versions });
    if (this.#version !== undefined) return;
    this.#error([0, 0], octets);
    this.#socket.end();
  }

  #answer(message: Message, octets: Buffer): void {
    const { xid } = message;
    switch (message.kind) {
      case 'EchoRequest':
        this.#send({ kind: 'EchoReply', xid, data: message.data });
        break;
      case 'FeaturesRequest':
        this.#send({ kind: 'FeaturesReply', xid, datapath_id: this.#switch.datapath_id, capabilities: 0x4f });
        break;
      case 'BarrierRequest':
        this.#send({ kind: 'BarrierReply', xid });
        break;
      case 'RoleRequest':
        this.#answerRole(message);
        break;
      case 'MultipartRequest':
        this.#answerMultipart(message);
        break;
      case 'BundleControl':
        this.#answerBundle(message);
        break;
      case 'BundleAddMessage':
        this.#addToBundle(message, octets);
        break;
      case 'FlowMod':
      case 'GroupMod':
      case 'MeterMod':
        this.#switch.announce(this.#change(this.#switch.tables, message));
        break;
      case 'EchoReply':
      case 'SetConfig':
      case 'PacketOut':
      case 'SetAsync':
      case 'Error':
        break;
      default:
        this.#error(BAD_REQUEST_TYPE, octets);
        break;
    }
  }

  #change(tables: Tables, message: Message): Removed[] {
    switch (message.kind) {
      case 'FlowMod':
        this.#switch.flowMods += 1;
        return tables.flowMod(message, this.#switch.clock.now());
      case 'GroupMod':
        return tables.groupMod(message, this.#switch.clock.now());
      case 'MeterMod':
        return tables.meterMod(message, this.#switch.clock.now());
      default:
        return [];
    }
  }

  #answerRole({ xid, role, generation_id }: MessageOf<'RoleRequest'>): void {
    if (role === 'primary' || role === 'secondary') {
      const newest = this.#switch.generation;
      if (newest !== undefined && BigInt.asIntN(64, generation_id - newest) < 0n) throw new Refusal(...ROLE_STALE);
      this.#switch.generation = generation_id;
    }
    if (role !== 'nochange') this.#role = role;
    const known = this.#switch.generation ?? 0xffffffffffffffffn;
    this.#send({ kind: 'RoleReply', xid, role: this.#role, generation_id: known } as MessageInput);
  }

  #answerMultipart({ xid, type, body }: MessageOf<'MultipartRequest'>): void {
    const { tables, ports, clock } = this.#switch;
    const reply = replyBody({ type, body, version: this.#version ?? HIGHEST }, tables, ports, clock.now());
    if (reply === undefined) throw new Refusal(...BAD_REQUEST_STAT);
    const entries = Array.isArray(reply) ? (reply as readonly object[]) : undefined;
    const count = entries === undefined ? 1 : Math.max(1, Math.ceil(entries.length / PART));
    for (let part = 0; part < count; part++) {
      const flags = part < count - 1 ? MORE : 0;
      const content = entries === undefined ? reply : entries.slice(part * PART, (part + 1) * PART);
      this.#send({ kind: 'MultipartReply', xid, type, flags, body: content } as MessageInput);
    }
  }

  #answerBundle(message: MessageOf<'BundleControl'>): void {
    const { bundle_id: id, type } = message;
    const bundle = this.#bundles.get(id);
    // Also the OPEN of a bundle that is open ends it (seen on 3.1.0).
    this.#bundles.delete(id);
    const opens = type === 'OPEN_REQUEST';
    if (opens === (bundle !== undefined)) throw new Refusal(...BUNDLE.BAD_ID);
    if (opens) this.#bundles.set(id, { messages: [], lastHeard: this.#switch.clock.now() });
    if (bundle !== undefined && type === 'CLOSE_REQUEST') this.#bundles.set(id, bundle);
    if (bundle !== undefined && type === 'COMMIT_REQUEST' && !this.#commit(bundle))
      throw new Refusal(...BUNDLE.MSG_FAILED);
    this.#send({ ...message, type: type.replace('REQUEST', 'REPLY') } as MessageInput);
  }

  /** An addition that is bad by itself is answered with its error and left out; the others stay (seen on 3.1.0). */
  #addToBundle(added: MessageOf<'BundleAddMessage'>, octets: Buffer): void {
    const { message, xid } = added;
    const now = this.#switch.clock.now();
    const bundle = this.#bundles.get(added.bundle_id) ?? { messages: [], lastHeard: now };
    this.#bundles.set(added.bundle_id, bundle);
    bundle.lastHeard = now;
    if (message.kind === 'FlowMod') checkFlowMod(message);
    else if (message.kind !== 'GroupMod' && message.kind !== 'PacketOut') throw new Refusal(...BUNDLE.MSG_UNSUP);
    bundle.messages.push({ xid, octets, message });
  }

  /** All or nothing; false after the error of the message that failed. */
  #commit({ messages }: Bundle): boolean {
    const tables = this.#switch.tables.copy();
    const removed: Removed[] = [];
    for (const { xid, octets, message } of messages) {
      try {
        removed.push(...this.#change(tables, message));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        this.#error([error.type, error.code], octets, xid);
        return false;
      }
    }
    this.#switch.tables = tables;
    this.#switch.announce(removed);
    return true;
  }
}

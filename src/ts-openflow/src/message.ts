/**
 * Messages: octets to values and back.
 *
 * `decodeMessage` takes exactly one message; it throws only DecodeError, reads nothing outside its octets, and keeps
 * views of them (nothing is copied). What it returns encodes to the same octets in the same version.
 */

import { EXPERIMENTER } from './constants.js';
import { DecodeError, EncodeError } from './errors.js';
import { MESSAGES, type MessageNumber, type MessageRow, NESTED_NUMBERS, type Nested } from './messages/all.js';
import { bundleAdd, type Nesting, requestForward } from './messages/bundle.js';
import type { OpenFlowVersion } from './version.js';
import { isOpenFlowVersion } from './version.js';
import type { AnyCodec } from './wire/codec.js';
import type { Outlined } from './wire/outline.js';
import { type OddPadding, Reader } from './wire/reader.js';
import { type LeadingReader, leadingReader } from './wire/struct.js';
import { Writer } from './wire/writer.js';

type Table = typeof MESSAGES & Nested;
/** The name of a message. */
export type MessageKind = keyof Table;

/** Padding of a decoded message that was not zero; a symbol, so that it is no member. */
export const ODD_PADDING: unique symbol = Symbol('padding that is not zero');

interface Head<K> {
  readonly kind: K;
  readonly xid: number;
  readonly version: OpenFlowVersion;
  readonly [ODD_PADDING]?: OddPadding;
}
interface HeadInput<K> {
  readonly kind: K;
  /** 0 when left out. */
  readonly xid?: number | undefined;
  readonly [ODD_PADDING]?: OddPadding;
}
type Join<H, T> = T extends unknown ? H & T : never;

/** A message as decoded: every member is there. */
export type Message = {
  [K in MessageKind]: Table[K] extends MessageRow<infer T, infer _I> ? Join<Head<K>, T> : never;
}[MessageKind];
/** A message to encode: members with a default may be left out. */
export type MessageInput = {
  [K in MessageKind]: Table[K] extends MessageRow<infer _T, infer I> ? Join<HeadInput<K>, I> : never;
}[MessageKind];
/** One kind of message, as decoded. */
export type MessageOf<K extends MessageKind> = Extract<Message, { readonly kind: K }>;
/** One kind of message, to encode. */
export type MessageInputOf<K extends MessageKind> = Extract<MessageInput, { readonly kind: K }>;

/** The first eight octets of every message. */
export interface MessageHeader {
  readonly version: number;
  readonly type: number;
  readonly length: number;
  readonly xid: number;
}

/** Octets of a header. */
export const HEADER_LENGTH = 8;

/** The header at the start of `octets`, which must be at least 8; nothing else is looked at. */
export function peekHeader(octets: Buffer): MessageHeader {
  if (octets.length < HEADER_LENGTH) throw new DecodeError('truncated header', 0, octets);
  return {
    version: octets.readUInt8(0),
    type: octets.readUInt8(1),
    length: octets.readUInt16BE(2),
    xid: octets.readUInt32BE(4),
  };
}

/** The length that a header states, its own 8 octets included. Throws when it is less than those. */
export function messageLength(header: Buffer): number {
  const { length } = peekHeader(header);
  if (length < HEADER_LENGTH) throw new DecodeError('OFPBRC_BAD_LEN', 2, header);
  return length;
}

interface Declared {
  readonly kind: string;
  readonly number: MessageNumber;
  readonly codec: AnyCodec;
}
interface Found extends Declared {
  /** Reads the body into a message; given its kind, xid and version. */
  readonly read: LeadingReader;
  /** What the header says, and what follows it in an experimenter's message. */
  readonly type: number;
  readonly experimenter: number;
  readonly subtype: number;
}

const nesting: Nesting = { decode: (octets) => decodeMessage(octets), encode: (message, w) => encodeInto(w, message) };
const DECLARED: readonly Declared[] = [
  ...Object.entries(MESSAGES).flatMap(([kind, row]) =>
    row.numbers.map((number) => ({ kind, number, codec: row.codec as AnyCodec })),
  ),
  ...NESTED_NUMBERS.BundleAddMessage.map((number) => ({
    kind: 'BundleAddMessage',
    number,
    codec: bundleAdd(() => nesting) as AnyCodec,
  })),
  ...NESTED_NUMBERS.RequestForward.map((number) => ({
    kind: 'RequestForward',
    number,
    codec: requestForward(() => nesting) as AnyCodec,
  })),
];

const EXPERIMENTER_TYPE = 4;
const FOUND: readonly Found[] = DECLARED.map((declared) => ({
  ...declared,
  read: leadingReader(declared.codec, ['kind', 'xid', 'version']),
  type: declared.number.of ?? EXPERIMENTER_TYPE,
  experimenter: declared.number.nx === undefined ? EXPERIMENTER.ONF : EXPERIMENTER.NICIRA,
  subtype: declared.number.nx ?? declared.number.onf ?? 0,
}));

function key(number: MessageNumber): string | number {
  return number.of ?? (number.nx === undefined ? `onf${number.onf}` : `nx${number.nx}`);
}
const VERSIONS = [4, 5, 6] as const;
const has = (number: MessageNumber, version: OpenFlowVersion): boolean =>
  number.from <= version && version <= number.to;
const BY_NUMBER = VERSIONS.map(
  (v): ReadonlyMap<string | number, Found> =>
    new Map(FOUND.filter((f) => has(f.number, v)).map((f) => [key(f.number), f])),
);
const BY_KIND = VERSIONS.map(
  (v): ReadonlyMap<string, Found> => new Map(FOUND.filter((f) => has(f.number, v)).map((f) => [f.kind, f])),
);

function findBody(r: Reader, type: number): Found | undefined {
  const numbers = BY_NUMBER[r.version - 4];
  if (type !== EXPERIMENTER_TYPE || r.left < 8) return numbers?.get(type);
  const experimenter = r.octets.readUInt32BE(8);
  const subtype = r.octets.readUInt32BE(12);
  const own =
    experimenter === EXPERIMENTER.NICIRA
      ? `nx${subtype}`
      : experimenter === EXPERIMENTER.ONF
        ? `onf${subtype}`
        : undefined;
  const found = own === undefined ? undefined : numbers?.get(own);
  if (found === undefined) return numbers?.get(EXPERIMENTER_TYPE);
  r.take(8);
  return found;
}

/** The messages of a version: name, and the codec of the body. */
export function declaredMessages(version: OpenFlowVersion): ReadonlyMap<string, Outlined> {
  return new Map([...(BY_KIND[version - 4] ?? [])].map(([kind, { codec }]) => [kind, codec]));
}

/** Decodes exactly one message. Throws DecodeError, and nothing else. */
export function decodeMessage(octets: Buffer): Message {
  if (octets.length < HEADER_LENGTH) throw new DecodeError('truncated header', 0, octets);
  const version = octets[0] as number;
  if (!isOpenFlowVersion(version)) throw new DecodeError('OFPBRC_BAD_VERSION', 0, octets);
  const length = ((octets[2] as number) << 8) | (octets[3] as number);
  if (length !== octets.length)
    throw new DecodeError(`length field does not match: ${length}, but ${octets.length} octets`, 2, octets);
  const r = new Reader(octets, version, 4);
  const xid = r.u32();
  const found = findBody(r, octets[1] as number);
  if (found === undefined) throw r.error('OFPBRC_BAD_TYPE', 1);
  const message = found.read(r, found.kind, xid, version);
  if (r.at !== r.end) throw r.error('OFPBRC_BAD_LEN');
  if (r.oddPadding !== undefined) message[ODD_PADDING] = r.oddPadding;
  return message as unknown as Message;
}

/** Appends a message to a writer, in the writer's version. */
export function encodeInto(w: Writer, message: MessageInput): void {
  const found = BY_KIND[w.version - 4]?.get(message.kind);
  if (found === undefined) throw new EncodeError(`message ${message.kind} is not in OpenFlow 1.${w.version - 1}`);
  const start = w.reserve(4);
  w.octets[start] = w.version;
  w.octets[start + 1] = found.type;
  w.u32(message.xid ?? 0);
  if (found.number.of === undefined) {
    w.u32(found.experimenter);
    w.u32(found.subtype);
  }
  const odd = message[ODD_PADDING];
  if (odd === undefined && w.odd === undefined) found.codec.write(w, message);
  else w.withPadding(odd, () => found.codec.write(w, message));
  const length = w.at - start;
  if (length > 0xffff) throw new EncodeError(`${message.kind} of ${length} octets is longer than 65535`);
  w.patchU16(start + 2, length);
}

/** Room for one message of a list, on average: flow_mods have 100 to 200 octets. */
const USUAL = 200;

/** Encodes messages, each to octets of its own, which lie in one buffer. Throws EncodeError, and nothing else. */
export function encodeMessages(messages: readonly MessageInput[], version: OpenFlowVersion): readonly Buffer[] {
  const w = new Writer(version, messages.length * USUAL);
  const ends = messages.map((message) => {
    encodeInto(w, message);
    return w.at;
  });
  const all = w.finish();
  return ends.map((end, i) => all.subarray(ends[i - 1] ?? 0, end));
}

/** Encodes a message. Throws EncodeError, and nothing else. */
export function encodeMessage(message: MessageInput, version: OpenFlowVersion): Buffer {
  const w = new Writer(version);
  encodeInto(w, message);
  return w.finish();
}

/**
 * Multipart replies (OpenFlow 1.5.1 clause 7.3.5): put together over all parts, or given part by part as they come. What
 * is held is bounded: a reply with more entries than `maxEntries` is refused, so that no switch fills our memory.
 */
import { OFPMPF_MORE } from '../constants.js';
import type { Message, MessageInput } from '../message.js';
import type { MultipartType, ReplyBody } from '../multipart/table.js';

/** The body of a multipart request of this type. */
export type MultipartBody<K extends MultipartType> = NonNullable<
  Extract<MessageInput, { readonly kind: 'MultipartRequest'; readonly type: K }>['body']
>;
/** One entry of a multipart reply of this type; the whole body where it is no list. */
export type MultipartEntry<K extends MultipartType> = ReplyBody<K> extends readonly (infer E)[] ? E : ReplyBody<K>;

/** How to ask for a multipart. */
export interface MultipartOptions {
  /** Longest silence between two parts, milliseconds. Default: that of the session. */
  readonly timeoutMs?: number | undefined;
  /** Most entries held at a time. Default 10,000,000. */
  readonly maxEntries?: number | undefined;
}

/** More entries came than the caller wants to hold. */
export class MultipartTooLongError extends Error {
  constructor(type: string, maxEntries: number) {
    super(`the reply to multipart ${type} has more than ${maxEntries} entries`);
    this.name = 'MultipartTooLongError';
  }
}

/** What a multipart needs of its session. */
export interface MultipartSession {
  ask(message: MessageInput, take: (reply: Message) => boolean, timeoutMs?: number): Promise<Message>;
}

const MAX_ENTRIES = 10_000_000;
/** Header of a message, and of the multipart in it: type and flags (OpenFlow 1.5.1 clause 7.3.5). */
const HEADERS = 16;
const FLAGS_AT = 10;

/** True when a part of a multipart reply says that it is not the last. One without its headers is. */
export const hasMoreParts = (octets: Buffer): boolean =>
  octets.length >= HEADERS && (octets.readUInt16BE(FLAGS_AT) & OFPMPF_MORE) !== 0;

/** Asks, and gives the entries of each part to `each`. Resolves after the last part. */
async function askParts(
  session: MultipartSession,
  type: MultipartType,
  body: unknown,
  timeoutMs: number | undefined,
  each: (entries: readonly unknown[]) => void,
): Promise<void> {
  const request = { kind: 'MultipartRequest', type, ...(body === undefined ? {} : { body }) } as MessageInput;
  const take = (reply: Message): boolean => {
    if (reply.kind !== 'MultipartReply') return true;
    const part = reply.body as unknown;
    each(Array.isArray(part) ? part : [part]);
    return (reply.flags & OFPMPF_MORE) === 0;
  };
  const last = await session.ask(request, take, timeoutMs);
  if (last.kind !== 'MultipartReply') throw new Error(`multipart ${type} was answered by ${last.kind}`);
}

/** All entries. */
export async function allEntries<K extends MultipartType>(
  session: MultipartSession,
  type: K,
  body?: MultipartBody<K>,
  { timeoutMs, maxEntries = MAX_ENTRIES }: MultipartOptions = {},
): Promise<MultipartEntry<K>[]> {
  const entries: unknown[] = [];
  let tooLong = false;
  await askParts(session, type, body, timeoutMs, (part) => {
    // The rest of a reply that is too long is still read, and let go.
    tooLong ||= entries.length + part.length > maxEntries;
    if (tooLong) entries.length = 0;
    else for (const entry of part) entries.push(entry);
  });
  if (tooLong) throw new MultipartTooLongError(type, maxEntries);
  return entries as MultipartEntry<K>[];
}

/** The entries part by part; `maxEntries` bounds those that wait for a slow reader. */
export async function* allParts<K extends MultipartType>(
  session: MultipartSession,
  type: K,
  body?: MultipartBody<K>,
  { timeoutMs, maxEntries = MAX_ENTRIES }: MultipartOptions = {},
): AsyncGenerator<MultipartEntry<K>[], void, undefined> {
  let parts: (readonly unknown[])[] = [];
  let waiting = 0;
  let tooLong = false;
  let wake: () => void = () => undefined;
  const end = askParts(session, type, body, timeoutMs, (part) => {
    tooLong ||= waiting + part.length > maxEntries;
    if (tooLong) return;
    parts.push(part);
    waiting += part.length;
    wake();
  });
  let ended = false;
  const done = end.finally(() => {
    ended = true;
    wake();
  });
  done.catch(() => undefined); // thrown to the reader below, when all parts before the failure are read
  while (!ended || parts.length > 0) {
    if (parts.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      continue;
    }
    const ready = parts;
    parts = [];
    waiting = 0;
    for (const part of ready) yield part as MultipartEntry<K>[];
  }
  await done;
  if (tooLong) throw new MultipartTooLongError(type, maxEntries);
}

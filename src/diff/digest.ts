/**
 * A digest of all flows of a switch: what makes each of them that flow and no other (table, priority, match, cookie,
 * timeouts, flags, instructions), hashed from octets, and the hashes added up, so that their order does not matter. What
 * is sent and what is read back have the same octets for these (as-read.ts), so that a switch which holds what it should
 * is recognised without a value for each flow. Counters and durations are no part of it. Pure.
 *
 * Two sums of 32 bits: tables that differ give the same digest once in 2^64. Where digests differ nothing is concluded:
 * everything is decoded and compared.
 */
import { encodeMessages, type OpenFlowVersion } from 'ts-openflow';
import type { DesiredFlow } from '../desired/index.js';
import type { ActualFlow } from './actual.js';
import { flowMod } from './messages.js';

export interface Digest {
  /** The version whose octets they are. */
  readonly version: OpenFlowVersion;
  readonly count: number;
  readonly sums: readonly [number, number];
}

const OPENFLOW_15 = 6;

/** The digest of no flow. */
export const noFlows = (version: OpenFlowVersion): Digest => ({ version, count: 0, sums: [0, 0] });

export const sameDigest = (a: Digest, b: Digest): boolean =>
  a.version === b.version && a.count === b.count && a.sums[0] === b.sums[0] && a.sums[1] === b.sums[1];

/** Adds hashes up. The hash is that of MurmurHash3 (its 32-bit form, public domain), twice with other multipliers. */
class Sum {
  #count = 0;
  #one = 0;
  #two = 0;
  #h = 0;
  #k = 0;

  begin(): void {
    this.#h = 0x2f0b4c47;
    this.#k = 0x51ed270b;
  }

  word(value: number): void {
    const v = Math.imul(value, 0xcc9e2d51);
    const h = this.#h ^ Math.imul((v << 15) | (v >>> 17), 0x1b873593);
    this.#h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
    const w = Math.imul(value, 0x85ebca6b);
    const k = this.#k ^ Math.imul((w << 16) | (w >>> 16), 0xc2b2ae35);
    this.#k = (Math.imul((k << 11) | (k >>> 21), 9) + 0x38495ab5) | 0;
  }

  /** Whole words only: matches and instructions are padded to 8 octets. */
  octets(b: Buffer, from: number, to: number): void {
    for (let i = from; i + 4 <= to; i += 4)
      this.word(
        ((b[i] as number) << 24) | ((b[i + 1] as number) << 16) | ((b[i + 2] as number) << 8) | (b[i + 3] as number),
      );
  }

  end(): void {
    this.#count += 1;
    this.#one = (this.#one + finished(this.#h)) | 0;
    this.#two = (this.#two + finished(this.#k)) | 0;
  }

  value(version: OpenFlowVersion): Digest {
    return { version, count: this.#count, sums: [this.#one, this.#two] };
  }
}

function finished(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

const u16 = (b: Buffer, at: number): number => ((b[at] as number) << 8) | (b[at + 1] as number);
const padded = (length: number): number => (length + 7) & ~7;

/** Where in one flow's octets its parts are. */
interface Layout {
  readonly table: number;
  readonly priority: number;
  /** idle_timeout, then hard_timeout. */
  readonly timeouts: number;
  readonly flags: number;
  readonly cookie: number;
  readonly match: number;
}

/** OFPT_FLOW_MOD (OpenFlow 1.5.1 clause 7.3.4.2; as in 1.3). */
const FLOW_MOD: Layout = { table: 24, priority: 30, timeouts: 26, flags: 44, cookie: 8, match: 48 };
/** ofp_flow_stats (OpenFlow 1.3.5 clause 7.3.5.2). */
const ENTRY_13: Layout = { table: 2, priority: 12, timeouts: 14, flags: 18, cookie: 24, match: 48 };
/** ofp_flow_desc (OpenFlow 1.5.1 clause 7.3.5.2); between match and instructions it has an ofp_stats. */
const ENTRY_15: Layout = { table: 4, priority: 6, timeouts: 8, flags: 12, cookie: 16, match: 24 };

/** Adds one flow that lies at `at` and ends at `end`; false where its lengths make no sense. */
function addOne(sum: Sum, b: Buffer, at: number, end: number, layout: Layout): boolean {
  const match = at + layout.match;
  if (match + 4 > end) return false;
  const afterMatch = match + padded(u16(b, match + 2));
  const statsLength = layout === ENTRY_15 ? (afterMatch + 4 > end ? Number.NaN : padded(u16(b, afterMatch + 2))) : 0;
  const instructions = afterMatch + statsLength;
  if (!(instructions <= end)) return false;
  sum.begin();
  sum.word(((b[at + layout.table] as number) << 16) | u16(b, at + layout.priority));
  sum.octets(b, at + layout.timeouts, at + layout.timeouts + 4);
  sum.word(u16(b, at + layout.flags));
  sum.octets(b, at + layout.cookie, at + layout.cookie + 8);
  sum.octets(b, match, afterMatch);
  sum.octets(b, instructions, end);
  sum.end();
  return true;
}

/** The digest of the flows that these messages, flow_mods that add one each, put into the tables. */
export function digestOfMessages(messages: Iterable<Buffer>, version: OpenFlowVersion): Digest {
  const sum = new Sum();
  for (const octets of messages) addOne(sum, octets, 0, octets.length, FLOW_MOD);
  return sum.value(version);
}

/** Flows encoded at a time. */
const AT_ONCE = 500;

/** The digest of these flows, as they are sent. */
export function digestOfFlows(flows: readonly (DesiredFlow | ActualFlow)[], version: OpenFlowVersion): Digest {
  let digest = noFlows(version);
  for (let at = 0; at < flows.length; at += AT_ONCE) {
    const messages = flows.slice(at, at + AT_ONCE).map((flow) => flowMod(flow, version));
    digest = digestAfter(digest, noFlows(version), digestOfMessages(encodeMessages(messages, version), version));
  }
  return digest;
}

const HEADERS = 16;

/** The digest of the flows in the parts of a multipart reply (OFPMP_FLOW); undefined where a length makes no sense. */
export function digestOfReply(parts: readonly Buffer[], version: OpenFlowVersion): Digest | undefined {
  const sum = new Sum();
  const layout = version < OPENFLOW_15 ? ENTRY_13 : ENTRY_15;
  for (const part of parts) {
    let at = HEADERS;
    while (at < part.length) {
      const length = at + 2 <= part.length ? u16(part, at) : 0;
      const end = at + length;
      if (length < layout.match || end > part.length || !addOne(sum, part, at, end, layout)) return undefined;
      at = end;
    }
  }
  return sum.value(version);
}

/** The digest after flows went and others came. */
export function digestAfter(before: Digest, gone: Digest, come: Digest): Digest {
  const at = (i: 0 | 1): number => (before.sums[i] - gone.sums[i] + come.sums[i]) | 0;
  return { version: before.version, count: before.count - gone.count + come.count, sums: [at(0), at(1)] };
}

/**
 * What the values of a codec look like: the declaration once more, as a value that can be walked.
 *
 * A codec reads and writes; its outline says what there is to write. The words of `codec.ts` outline themselves, so that
 * what is declared in them is outlined as well; a codec written by hand says its outline beside `read` and `write`. The
 * property tests make messages from outlines: a new message is tried as soon as it stands in the table.
 */
import type { OpenFlowVersion } from '../version.js';

/** Something that may have an outline: a codec, or padding, which has none. */
export interface Outlined {
  readonly outline?: Outline | undefined;
}

/** What only the tables of fields, actions, instructions, multiparts and messages can tell. */
export type Known =
  | 'match'
  | 'field header'
  | 'field value'
  | 'actions'
  | 'instructions'
  | 'message'
  | 'multipart request'
  | 'multipart reply';

/** What values there are, by kind. */
export type Outline =
  /** An unsigned integer from `least` (0) to `most`. */
  | { readonly is: 'number'; readonly least?: number; readonly most: number }
  | { readonly is: 'bigint'; readonly bits: number }
  /** Between `least` and `most` octets, `least` plus a multiple of `step`. */
  | { readonly is: 'octets'; readonly least: number; readonly most: number; readonly step: number }
  /** Text of at most so many octets in UTF-8, without a zero. */
  | { readonly is: 'text'; readonly octets: number }
  | { readonly is: 'one of'; readonly values: readonly unknown[] }
  | { readonly is: 'members'; readonly members: Readonly<Record<string, Outlined>> }
  /** The members of several. */
  | { readonly is: 'merged'; readonly parts: readonly Outlined[] }
  | { readonly is: 'list'; readonly item: Outlined; readonly least: number }
  | { readonly is: 'tuple'; readonly items: readonly Outlined[] }
  | { readonly is: 'either'; readonly of: readonly Outlined[] }
  /** A member that may be absent. */
  | { readonly is: 'maybe'; readonly of: Outlined }
  | { readonly is: 'by version'; readonly at: (version: OpenFlowVersion) => Outlined }
  /** Members that depend on one another: `settle` makes them agree. */
  | {
      readonly is: 'settled';
      readonly of: Outlined;
      readonly settle: (value: Record<string, unknown>, version: OpenFlowVersion) => unknown;
    }
  /** At most `most` bits of a field; `narrow` where its header must have 32 bits. */
  | { readonly is: 'field part'; readonly most: number; readonly narrow: boolean }
  | { readonly is: 'known'; readonly what: Known };

const outlined = (outline: Outline): Outlined => ({ outline });

/** An unsigned integer of so many bits, up to 48. */
export const numberOf = (bits: number): Outline => ({ is: 'number', most: 2 ** bits - 1 });
export const octetsOf = (least = 0, most = 40, step = 1): Outline => ({ is: 'octets', least, most, step });
export const always = (value: unknown): Outlined => outlined({ is: 'one of', values: [value] });
export const oneOf = (...values: readonly unknown[]): Outlined => outlined({ is: 'one of', values });
export const members = (shape: Readonly<Record<string, Outlined>>): Outlined =>
  outlined({ is: 'members', members: shape });
export const merged = (...parts: readonly Outlined[]): Outline => ({ is: 'merged', parts });
export const listOf = (item: Outlined, least = 0): Outlined => outlined({ is: 'list', item, least });
export const either = (...of: readonly Outlined[]): Outline => ({ is: 'either', of });
export const maybe = (of: Outlined): Outlined => outlined({ is: 'maybe', of });
export const byVersion = (at: (version: OpenFlowVersion) => Outlined): Outline => ({ is: 'by version', at });
export const known = (what: Known): Outline => ({ is: 'known', what });
export const fieldPart = (most: number, narrow = false): Outline => ({ is: 'field part', most, narrow });
/** What stands before a version: `older`; from it on: `newer`. */
export const from = (version: OpenFlowVersion, newer: Outlined, older: Outlined): Outline =>
  byVersion((v) => (v >= version ? newer : older));
export const settled = (
  of: Outlined,
  settle: (value: Record<string, unknown>, version: OpenFlowVersion) => unknown,
): Outline => ({ is: 'settled', of, settle });

/**
 * Lists of actions on the wire: type, length, arguments, padding to 8 octets (OpenFlow 1.5.1, 7.2.6).
 *
 * An action we do not know is kept as octets. One whose length does not fit its arguments is an error.
 */

import { EXPERIMENTER } from '../constants.js';
import { EncodeError } from '../errors.js';
import type { OpenFlowVersion } from '../version.js';
import type { AnyCodec, Codec, Defaulted } from '../wire/codec.js';
import { known } from '../wire/outline.js';
import type { Reader } from '../wire/reader.js';
import type { LeadingReader } from '../wire/struct.js';
import type { Writer } from '../wire/writer.js';
import type { Form, Vendor } from './form.js';
import { loadAsSetField } from './layouts.js';
import { ACTIONS, nestingActions } from './table.js';
import type { Action, DecodedAction, UnknownAction } from './types.js';

// The table's rows differ in their argument types; which row an action belongs to is known only by its `kind`.
// biome-ignore lint/suspicious/noExplicitAny: bridges the declaration table to its inferred types
type AnyForm = Form<any, any>;
interface Declared {
  readonly kind: string;
  readonly form: AnyForm;
}
interface Found extends Declared {
  /** Reads the arguments into an action; given its kind. */
  readonly read: LeadingReader;
  /** Whether the action has other forms, so that this one may not be the one that would be written. */
  readonly hasOthers: boolean;
}

const VENDOR_OF = { of: 0, nx: EXPERIMENTER.NICIRA, onf: EXPERIMENTER.ONF } as const satisfies Record<Vendor, number>;
const key = (experimenter: number, type: number): number => experimenter * 0x10000 + type;

/** Actions within actions; looked up when one is read or written, by when the rows are complete. */
const nested: Codec<readonly DecodedAction[], readonly Action[]> = {
  outline: known('actions'),
  read: (r) => actionList.read(r),
  write: (w, v) => actionList.write(w, v),
};
const ROWS = { ...ACTIONS, ...nestingActions(nested) };

/** Every form of every action. */
export function forms(): readonly Declared[] {
  return Object.entries(ROWS).flatMap(([kind, rows]) => (rows as readonly AnyForm[]).map((form) => ({ kind, form })));
}

/** Made on first use. */
function lazy<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

const has = (form: AnyForm, version: OpenFlowVersion): boolean => form.from <= version && version <= form.to;
const VERSIONS = [4, 5, 6] as const;

const byNumber = lazy(() =>
  VERSIONS.map(
    (version): ReadonlyMap<number, Found> =>
      new Map(
        forms()
          .filter(({ kind, form }) => has(form, version) && !(kind === 'load' && form.codec === loadAsSetField))
          .map(({ kind, form }) => [
            key(VENDOR_OF[form.vendor], form.type),
            { kind, form, read: readerOf(form.codec), hasOthers: (byKind().get(kind)?.length ?? 0) > 1 },
          ]),
      ),
  ),
);

/** As `leadingReader` with the kind; a codec made by hand has just made a new object, which becomes the action. */
function readerOf(codec: AnyCodec): LeadingReader {
  if (codec.leading !== undefined) return codec.leading(['kind']);
  return (r, kind) => {
    const action = codec.read(r) as Record<string, unknown>;
    action.kind = kind;
    return action;
  };
}

const byKind = lazy(
  (): ReadonlyMap<string, readonly AnyForm[]> => new Map(Object.entries(ROWS) as [string, readonly AnyForm[]][]),
);

/** The form an action is written in. */
export function formOf(action: Action, version: OpenFlowVersion): AnyForm | undefined {
  const rows = byKind().get(action.kind);
  if (rows === undefined) return undefined;
  const first = rows[0] as AnyForm;
  if (rows.length === 1) return has(first, version) ? first : undefined;
  const wire = (action as { readonly wire?: string | undefined }).wire;
  for (const form of rows) {
    if (has(form, version) && (wire === undefined ? form.fits(action, version) : form.name === wire)) return form;
  }
  return undefined;
}

function readAction(r: Reader): DecodedAction {
  const start = r.take(4);
  const b = r.octets;
  const type = ((b[start] as number) << 8) | (b[start + 1] as number);
  const length = ((b[start + 2] as number) << 8) | (b[start + 3] as number);
  if (length < 8 || length % 8 !== 0) throw r.error('OFPBAC_BAD_LEN', start);
  const outer = r.enter(length - 4, 'OFPBAC_BAD_LEN');
  const found = findForm(r, type);
  if (found === undefined) {
    r.at = start + 4;
    const octets = r.rest();
    r.leave(outer, 'OFPBAC_BAD_LEN');
    return { kind: 'unknown', type, octets };
  }
  const action = found.read(r, found.kind);
  const left = r.left;
  if (left > 7) throw r.error('OFPBAC_BAD_LEN', start);
  r.pad(left);
  r.leave(outer, 'OFPBAC_BAD_LEN');
  const decoded = action as unknown as DecodedAction;
  if (found.hasOthers && formOf(decoded, r.version) !== found.form) action.wire = found.form.name;
  return decoded;
}

function findForm(r: Reader, type: number): Found | undefined {
  if (type !== 0xffff) return byNumber()[r.version - 4]?.get(type);
  const experimenter = r.u32();
  if (r.left < 2) return undefined;
  return experimenter === 0 ? undefined : byNumber()[r.version - 4]?.get(key(experimenter, r.u16()));
}

function writeAction(w: Writer, action: Action): void {
  if (action.kind === 'unknown') {
    writeUnknown(w, action);
    return;
  }
  const form = formOf(action, w.version);
  if (form === undefined) throw new EncodeError(`action ${action.kind} cannot be said in OpenFlow 1.${w.version - 1}`);
  const start = w.reserve(4);
  if (form.vendor === 'of') {
    w.octets[start] = 0;
    w.octets[start + 1] = form.type;
  } else {
    w.patchU16(start, 0xffff);
    w.u32(VENDOR_OF[form.vendor]);
    w.u16(form.type);
  }
  form.codec.write(w, action);
  w.padTo8(start);
  w.patchU16(start + 2, w.at - start);
}

function writeUnknown(w: Writer, action: UnknownAction): void {
  w.u16(action.type);
  w.u16(action.octets.length + 4);
  w.bytes(action.octets);
}

/** Actions up to the end of the structure. */
export const actionList: Defaulted<readonly DecodedAction[], readonly Action[]> = {
  outline: known('actions'),
  fallback: [],
  read: (r) => {
    const actions: DecodedAction[] = [];
    while (r.at < r.end) actions.push(readAction(r));
    return actions;
  },
  write: (w, actions) => {
    for (const action of actions) writeAction(w, action);
  },
};

/** One action. */
export const actionCodec: Codec<DecodedAction, Action> = { read: readAction, write: writeAction };

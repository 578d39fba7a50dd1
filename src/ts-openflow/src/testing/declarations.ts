/**
 * What is declared, for those who walk it: every message, multipart, action and instruction of a version with the
 * outline of its values. The property tests make their messages from here.
 */
import { formOf, forms } from '../actions/codec.js';
import type { Action } from '../actions/types.js';
import { FIELDS, type Field, type FieldName, type OxmHeader } from '../fields.js';
import { INSTRUCTIONS } from '../instructions.js';
import { declaredMessages } from '../message.js';
import { declaredMultiparts } from '../multipart/codec.js';
import { type FieldEntry, fieldEntry } from '../oxm.js';
import type { OpenFlowVersion } from '../version.js';
import type { Outlined } from '../wire/outline.js';

export type { Known, Outline, Outlined } from '../wire/outline.js';

/** One way to write an action; `wire` names it where another way is preferred for the same arguments. */
export interface DeclaredAction {
  readonly kind: string;
  readonly form: string;
  readonly args: Outlined;
  /** What a decoded action names in `wire`, for these arguments. */
  wireOf(args: object): { readonly wire?: string };
}

/** A field, and the headers that it has in a version. */
export interface DeclaredField {
  readonly name: FieldName;
  readonly field: Field;
  /** The header that is written when none is named. */
  readonly canonical: OxmHeader;
  readonly alternates: readonly OxmHeader[];
}

/** All that a version has. */
export interface Declarations {
  readonly messages: ReadonlyMap<string, Outlined>;
  readonly multiparts: ReadonlyMap<string, { readonly request: Outlined; readonly reply: Outlined }>;
  /** Without the forms that are only written: a `load` of 1.5 is read as the set_field that it became. */
  readonly actions: readonly DeclaredAction[];
  readonly instructions: ReadonlyMap<string, Outlined>;
  /** In canonical order. */
  readonly fields: readonly DeclaredField[];
}

function declaredActions(version: OpenFlowVersion): readonly DeclaredAction[] {
  return forms()
    .filter(({ form }) => form.from <= version && version <= form.to && form.codec.outline !== undefined)
    .map(({ kind, form }) => ({
      kind,
      form: form.name,
      args: form.codec,
      wireOf: (args) => (formOf({ ...args, kind } as Action, version) === form ? {} : { wire: form.name }),
    }));
}

function declaredFields(version: OpenFlowVersion): readonly DeclaredField[] {
  return (Object.entries(FIELDS) as [FieldName, Field][]).map(([name, field]) => {
    const canonical = (fieldEntry(name) as FieldEntry).canonical[version - 4] as OxmHeader;
    return { name, field, canonical, alternates: field.headers.filter((h) => h !== canonical) };
  });
}

/** What is declared for a version. */
export function declarations(version: OpenFlowVersion): Declarations {
  return {
    messages: declaredMessages(version),
    multiparts: declaredMultiparts(version),
    actions: declaredActions(version),
    instructions: new Map(Object.entries(INSTRUCTIONS).map(([kind, row]) => [kind, row.codec])),
    fields: declaredFields(version),
  };
}

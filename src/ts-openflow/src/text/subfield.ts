/** Parts of fields: `NXM_NX_REG0[0..15]`, as ovs-ofctl prints them in actions. */
import type { FieldHeader, FieldRef } from '../actions/fieldref.js';
import type { Field } from '../fields.js';
import { fieldEntry } from '../oxm.js';

/** The header name ovs-ofctl prints for a field: the oldest, NXM where there is one. */
export function headerName({ field }: FieldHeader): string {
  const entry = fieldEntry(field);
  if (entry === undefined) return `0x${field.slice(4, 12)}`;
  const { headers } = entry.field;
  const nxm = headers.find((h) => h.class <= 1);
  return (nxm ?? headers.find((h) => h.name.startsWith('ONF')) ?? headers[0])?.name ?? field;
}

/** Bits a field has for the purposes of `[]`. */
export function fieldBits(field: Field | undefined): number {
  return field === undefined ? 0 : field.bits;
}

/** A field with its bits; all of them are `[]`. */
export function formatSubfield(ref: FieldRef): string {
  const name = headerName(ref);
  if (ref.start === 0 && ref.bits === fieldBits(fieldEntry(ref.field)?.field)) return `${name}[]`;
  return ref.bits === 1 ? `${name}[${ref.start}]` : `${name}[${ref.start}..${ref.start + ref.bits - 1}]`;
}

/** The name of a field in set_field and its like. */
export function fieldName(name: string): string {
  return fieldEntry(name)?.field.printed ?? name;
}

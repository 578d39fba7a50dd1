/** Parts of fields: `NXM_NX_REG0[0..15]`, `reg0[3]`, `eth_src[]` or `eth_src`. */
import type { FieldRef } from '../../actions/fieldref.js';
import { TextError } from '../../errors.js';
import { FIELD_NAMES, FIELDS, type Field, type FieldName } from '../../fields.js';
import { fieldEntry } from '../../oxm.js';
import type { OpenFlowVersion } from '../../version.js';
import { headerName } from '../subfield.js';

function allNames(): ReadonlyMap<string, FieldName> {
  const names = new Map<string, FieldName>();
  for (const name of FIELD_NAMES) {
    const field: Field = FIELDS[name];
    for (const alias of field.aliases) names.set(alias, name);
    for (const header of field.headers) if (!names.has(header.name)) names.set(header.name, name);
  }
  for (const name of FIELD_NAMES) if (name !== 'in_port' && name !== 'in_port_nxm') names.set(name, name);
  for (const [word, name] of [
    ['in_port', 'in_port_nxm'],
    ['tp_src', 'tcp_src'],
    ['tp_dst', 'tcp_dst'],
  ] as const) {
    names.set(word, name);
  }
  return names;
}

const NAMES = allNames();

/** A field by any of its names, as actions use them (in_port is the 16-bit one there). */
export function fieldByName(name: string): FieldName | undefined {
  return NAMES.get(name);
}

/** A part of a field. */
export function parseSubfield(text: string, column: number): FieldRef {
  const m = /^([A-Za-z0-9_]+)\s*(\[\s*(?:(\d+)(?:\s*\.\.\s*(\d+))?)?\s*\])?$/.exec(text.trim());
  const name = m === null ? undefined : fieldByName(m[1] as string);
  if (m === null || name === undefined)
    throw new TextError(`"${text}": a field, as in NXM_NX_REG0[0..15], expected`, column);
  const { bits, octets }: Field = FIELDS[name];
  const width = octets === 0 ? 992 : bits;
  if (m[3] === undefined) return { field: name, start: 0, bits: width };
  const start = Number(m[3]);
  const end = m[4] === undefined ? start : Number(m[4]);
  if (end < start || end >= width) throw new TextError(`"${text}": bits within 0..${width - 1} expected`, column);
  return { field: name, start, bits: end - start + 1 };
}

/** The part with the header that ovs-ofctl writes in Nicira actions: the oldest one. */
export function withOldHeader<R extends { readonly field: FieldRef['field'] }>(ref: R, version: OpenFlowVersion): R {
  const entry = fieldEntry(ref.field);
  if (entry === undefined) return ref;
  const oldest = headerName({ field: ref.field });
  return entry.canonical[version - 4]?.name === oldest ? ref : { ...ref, header: oldest };
}

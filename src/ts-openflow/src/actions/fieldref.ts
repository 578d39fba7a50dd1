/**
 * References to (a part of) a field, as `move`, `load`, `push`, `learn` and their like name them: an OXM header without
 * a value, and where its bits start.
 */

import { EncodeError } from '../errors.js';
import type { FieldName, UnknownFieldName } from '../fields.js';
import { fieldEntry, headerOf, readHeader, unknownName, writeHeader, writeUnknownHeader } from '../oxm.js';
import type { OpenFlowVersion } from '../version.js';
import type { Codec } from '../wire/codec.js';
import { fieldPart, known } from '../wire/outline.js';
import type { Reader } from '../wire/reader.js';
import type { Writer } from '../wire/writer.js';

/** A field, by the header it came with where that is not the canonical one. */
export interface FieldHeader {
  readonly field: FieldName | UnknownFieldName;
  readonly header?: string | undefined;
  /** Octets that the header states for a tun_metadata field; 124 when absent. */
  readonly octets?: number | undefined;
}

/** `bits` bits of a field from bit `start` on (0 is the least significant). */
export interface FieldRef extends FieldHeader {
  readonly start: number;
  readonly bits: number;
}

/** Octets that the header of a field without value states: a tun_metadata field states its greatest length. */
function statedOctets(octets: number): number {
  return octets === 0 ? 124 : octets;
}

/** A header alone. One that is odd in its mask bit or length is kept as unknown, so that it survives. */
export const fieldHeader: Codec<FieldHeader> = {
  outline: known('field header'),
  read: (r) => {
    const h = readHeader(r);
    const variable = h.entry?.field.octets === 0;
    const plain = h.entry !== undefined && !h.hasMask && (variable || h.length === statedOctets(h.entry.field.octets));
    if (!plain) return { field: unknownName(h.bits, h.experimenter) };
    return {
      field: h.name,
      ...(h.alternate === undefined ? {} : { header: h.alternate }),
      ...(variable && h.length !== 124 ? { octets: h.length } : {}),
    };
  },
  write: (w, { field, header, octets }) => {
    const entry = fieldEntry(field);
    if (entry === undefined) writeUnknownHeader(w, field);
    else
      writeHeader(
        w,
        headerOf(entry, w.version, header),
        false,
        entry.field.octets === 0 ? (octets ?? 124) : entry.field.octets,
      );
  },
};

/**
 * A header where there are 32 bits for it (nx_action_reg_load, nx_action_learn and others): those of experimenters,
 * which have 64, cannot stand there.
 */
export const narrowHeader: Codec<FieldHeader> = {
  read: (r) => {
    const at = r.at;
    const header = fieldHeader.read(r);
    if (r.at - at !== 4) throw r.error('OFPBAC_BAD_SET_TYPE', at);
    return header;
  },
  write: (w, header) => {
    const at = w.at;
    fieldHeader.write(w, header);
    if (w.at - at !== 4) throw new EncodeError(`${header.field} cannot be named here: its header has 64 bits`);
  },
};

/** Whether `narrowHeader` can name a field. */
export function isNarrow({ field, header }: FieldHeader, version: OpenFlowVersion): boolean {
  const entry = fieldEntry(field);
  return entry === undefined ? field.length === 12 : headerOf(entry, version, header).experimenter === undefined;
}

/** ofs_nbits: start and width in 16 bits. */
export function readOfsNbits(r: Reader): { readonly start: number; readonly bits: number } {
  const v = r.u16();
  return { start: v >>> 6, bits: (v & 0x3f) + 1 };
}

export function writeOfsNbits(w: Writer, start: number, bits: number): void {
  w.u16((start << 6) | (bits - 1));
}

/** ofs_nbits and the header right after it. */
export const ofsNbitsRef: Codec<FieldRef> = {
  outline: fieldPart(64, true),
  read: (r) => {
    const { start, bits } = readOfsNbits(r);
    return { ...narrowHeader.read(r), start, bits };
  },
  write: (w, ref) => {
    writeOfsNbits(w, ref.start, ref.bits);
    narrowHeader.write(w, ref);
  },
};

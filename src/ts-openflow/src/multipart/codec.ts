/** The bodies of OFPT_MULTIPART_REQUEST and OFPT_MULTIPART_REPLY: type, flags, and what the table says. */

import { EncodeError } from '../errors.js';
import type { OpenFlowVersion } from '../version.js';
import type { Codec } from '../wire/codec.js';
import { known, type Outlined } from '../wire/outline.js';
import type { Reader } from '../wire/reader.js';
import type { Writer } from '../wire/writer.js';
import {
  MULTIPARTS,
  type MultipartReply,
  type MultipartReplyInput,
  type MultipartRequest,
  type MultipartRequestInput,
} from './table.js';

// biome-ignore lint/suspicious/noExplicitAny: bridges the declaration table to its inferred types
type AnyCodec = Codec<any, any>;
interface AnyRow {
  readonly type: number;
  readonly experimenter?: number;
  readonly from: OpenFlowVersion;
  readonly to: OpenFlowVersion;
  readonly request: AnyCodec;
  readonly reply: AnyCodec;
}

const ROWS: ReadonlyMap<string, AnyRow> = new Map(Object.entries(MULTIPARTS));

function find(
  version: OpenFlowVersion,
  type: number,
  experimenter: number | undefined,
): readonly [string, AnyRow] | undefined {
  for (const [name, row] of ROWS) {
    if (row.type === type && row.experimenter === experimenter && row.from <= version && version <= row.to)
      return [name, row];
  }
  return undefined;
}

function read(r: Reader, side: 'request' | 'reply'): unknown {
  const at = r.at;
  const number = r.u16();
  const flags = r.u16();
  r.pad(4);
  const own =
    number === 0xffff && r.left >= 8
      ? find(r.version, r.octets.readUInt32BE(r.at + 4), r.octets.readUInt32BE(r.at))
      : undefined;
  if (own !== undefined) r.take(8);
  const found = own ?? find(r.version, number, undefined);
  if (found === undefined) throw r.error('OFPBRC_BAD_STAT', at);
  return { type: found[0], flags, body: found[1][side].read(r) };
}

interface AnyMultipart {
  readonly type: string;
  readonly flags?: number | undefined;
  readonly body?: unknown;
}

function write(w: Writer, v: AnyMultipart, side: 'request' | 'reply'): void {
  const row = ROWS.get(v.type);
  if (row === undefined) throw new EncodeError(`unknown multipart ${v.type}`);
  if (w.version < row.from || row.to < w.version)
    throw new EncodeError(`multipart ${v.type} is not in OpenFlow 1.${w.version - 1}`);
  w.u16(row.experimenter === undefined ? row.type : 0xffff);
  w.u16(v.flags ?? 0);
  w.pad(4);
  if (row.experimenter !== undefined) {
    w.u32(row.experimenter);
    w.u32(row.type);
  }
  const body = v.body ?? ('fallback' in row[side] ? row[side].fallback : {});
  row[side].write(w, body);
}

/** The multiparts of a version: name, and the codecs of request and reply. */
export function declaredMultiparts(
  version: OpenFlowVersion,
): ReadonlyMap<string, { readonly request: Outlined; readonly reply: Outlined }> {
  return new Map([...ROWS].filter(([, row]) => row.from <= version && version <= row.to));
}

/** OFPT_MULTIPART_REQUEST. */
export const multipartRequest: Codec<MultipartRequest, MultipartRequestInput> = {
  outline: known('multipart request'),
  read: (r) => read(r, 'request') as MultipartRequest,
  write: (w, v) => write(w, v, 'request'),
};

/** OFPT_MULTIPART_REPLY. */
export const multipartReply: Codec<MultipartReply, MultipartReplyInput> = {
  outline: known('multipart reply'),
  read: (r) => read(r, 'reply') as MultipartReply,
  write: (w, v) => write(w, v, 'reply'),
};

/** The messages that every session exchanges: HELLO, ERROR, ECHO, features and configuration (OpenFlow 1.5.1, 7.5, 7.3.1, .2). */

import type { OpenFlowVersion } from '../version.js';
import { type Codec, type Defaulted, opt, pad, rest, struct, u8, u16, u32, u64 } from '../wire/codec.js';
import { always, either, listOf, members } from '../wire/outline.js';
import type { Property } from './property.js';

/** OFPT_HELLO. */
export interface Hello {
  /** Elements (type and content); type 1 is the version bitmap. */
  readonly elements: readonly Property[];
}

const VERSIONBITMAP = 1;

/** The elements of a HELLO for these versions. */
export function helloElements(versions: readonly OpenFlowVersion[]): readonly Property[] {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(versions.reduce((bits, version) => bits | (1 << version), 0) >>> 0);
  return [{ type: VERSIONBITMAP, octets }];
}

/** The versions (wire numbers) that a HELLO's bitmap names; undefined when it has none. */
export function helloVersions(hello: Hello): readonly number[] | undefined {
  const bitmap = hello.elements.find(
    (e) => e.type === VERSIONBITMAP && e.octets.length >= 4 && e.octets.length % 4 === 0,
  );
  if (bitmap === undefined) return undefined;
  const bits = bitmap.octets.readUInt32BE(0);
  return Array.from({ length: 32 }, (_, i) => i).filter((i) => (bits >>> i) & 1);
}

/** A switch may send a HELLO whose elements are cut short or odd: what is no element is kept as one octet string. */
export const hello: Codec<Hello, { readonly elements?: readonly Property[] | undefined }> = {
  outline: { is: 'members', members: { elements: listOf(members({ type: u16, octets: rest })) } },
  read: (r) => {
    const elements: Property[] = [];
    while (r.left >= 4) {
      const type = r.octets.readUInt16BE(r.at);
      const length = r.octets.readUInt16BE(r.at + 2);
      if (length < 4 || length > r.left) throw r.error('OFPHFC_INCOMPATIBLE');
      r.take(4);
      elements.push({ type, octets: r.bytes(length - 4) });
      r.pad(Math.min(r.left, (8 - (length & 7)) & 7));
    }
    if (r.left > 0) throw r.error('OFPHFC_INCOMPATIBLE');
    return { elements };
  },
  write: (w, v) => {
    for (const { type, octets } of v.elements ?? []) {
      const at = w.at;
      w.u16(type);
      w.u16(octets.length + 4);
      w.bytes(octets);
      w.padTo8(at);
    }
  },
};

/** Any octets, kept. */
export const payload: Defaulted<Buffer> = opt(rest, Buffer.alloc(0));

/** OFPT_ECHO_REQUEST and OFPT_ECHO_REPLY. */
export const echo = struct({ data: payload });

/** OFPT_ERROR. `data` is the request or its start. */
export interface OpenFlowError {
  readonly type: number;
  readonly code: number;
  /** Of an experimenter's error (type 0xffff), whose code is its exp_type. */
  readonly experimenter?: number | undefined;
  readonly data: Buffer;
}

/** OFPT_ERROR. */
export const error: Codec<OpenFlowError, Omit<OpenFlowError, 'data'> & { readonly data?: Buffer | undefined }> = {
  outline: either(
    members({ type: { outline: { is: 'number', most: 0xfffe } }, code: u16, data: rest }),
    members({ type: always(0xffff), code: u16, experimenter: u32, data: rest }),
  ),
  read: (r) => {
    const type = r.u16();
    const code = r.u16();
    return type === 0xffff ? { type, code, experimenter: r.u32(), data: r.rest() } : { type, code, data: r.rest() };
  },
  write: (w, v) => {
    w.u16(v.type);
    w.u16(v.code);
    if (v.type === 0xffff) w.u32(v.experimenter ?? 0);
    w.bytes(v.data ?? Buffer.alloc(0));
  },
};

/** OFPT_FEATURES_REPLY. */
export const featuresReply = struct({
  datapath_id: u64,
  n_buffers: opt(u32, 0),
  n_tables: opt(u8, 254),
  auxiliary_id: opt(u8, 0),
  _1: pad(2),
  capabilities: opt(u32, 0),
  reserved: opt(u32, 0),
});

/** OFPT_SET_CONFIG and OFPT_GET_CONFIG_REPLY. */
export const switchConfig = struct({ flags: opt(u16, 0), miss_send_len: opt(u16, 128) });

/** A message without a body. */
export const empty = struct({});

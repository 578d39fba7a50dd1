/** Bundles (OpenFlow 1.5.1, 7.3.9.2; ONF extension 230 on 1.3), and other messages that carry a message. */

import { OFPBF } from '../constants.js';
import { DecodeError, EncodeError } from '../errors.js';
import type { Message, MessageInput } from '../message.js';
import { type Codec, enumeration, opt, struct, u16, u32 } from '../wire/codec.js';
import { known } from '../wire/outline.js';
import type { Reader } from '../wire/reader.js';
import type { Writer } from '../wire/writer.js';
import { type Property, propertyList } from './property.js';

/** What a message within a message needs of the message codec; given by that codec, because it also uses this one. */
export interface Nesting {
  decode(octets: Buffer): Message;
  encode(message: MessageInput, w: Writer): void;
}

const type = enumeration(
  u16,
  {
    OPEN_REQUEST: 0,
    OPEN_REPLY: 1,
    CLOSE_REQUEST: 2,
    CLOSE_REPLY: 3,
    COMMIT_REQUEST: 4,
    COMMIT_REPLY: 5,
    DISCARD_REQUEST: 6,
    DISCARD_REPLY: 7,
  },
  'OFPBFC_BAD_TYPE',
);

/** OFPT_BUNDLE_CONTROL. */
export const bundleControl = struct({
  bundle_id: u32,
  type,
  flags: opt(u16, OFPBF.ATOMIC | OFPBF.ORDERED),
  properties: propertyList,
});

/** A message of a bundle. */
export interface BundleAddMessage {
  readonly bundle_id: number;
  readonly flags: number;
  readonly message: Message;
  readonly properties: readonly Property[];
}
export interface BundleAddMessageInput {
  readonly bundle_id: number;
  readonly flags?: number | undefined;
  readonly message: MessageInput;
  readonly properties?: readonly Property[] | undefined;
}

const inner = { outline: known('message') };
const MAX_DEPTH_MESSAGES = ['BundleAddMessage', 'RequestForward'];

/** Reads a message within a message: its length is in its own header. */
function readMessage(r: Reader, nesting: Nesting): Message {
  const at = r.at;
  if (r.left < 8) throw r.error('OFPBRC_BAD_LEN', at);
  const length = r.octets.readUInt16BE(at + 2);
  if (length < 8 || length > r.left) throw r.error('OFPBRC_BAD_LEN', at);
  try {
    const message = nesting.decode(r.bytes(length));
    if (MAX_DEPTH_MESSAGES.includes(message.kind)) throw r.error('OFPBFC_MSG_UNSUP', at);
    return message;
  } catch (e) {
    if (e instanceof DecodeError && e.offset < length) throw new DecodeError(e.what, at + e.offset, r.octets);
    throw e;
  }
}

/** OFPT_BUNDLE_ADD_MESSAGE. */
export function bundleAdd(nesting: () => Nesting): Codec<BundleAddMessage, BundleAddMessageInput> {
  return {
    outline: {
      is: 'members',
      members: { bundle_id: u32, flags: u16, message: inner, properties: propertyList },
    },
    read: (r) => {
      const bundle_id = r.u32();
      r.pad(2);
      const flags = r.u16();
      const start = r.at;
      const message = readMessage(r, nesting());
      if (r.left > 0) r.pad(Math.min(r.left, (8 - ((r.at - start) & 7)) & 7));
      return { bundle_id, flags, message, properties: propertyList.read(r) };
    },
    write: (w, v) => {
      if (MAX_DEPTH_MESSAGES.includes(v.message.kind)) throw new EncodeError(`${v.message.kind} cannot be in a bundle`);
      w.u32(v.bundle_id);
      w.pad(2);
      w.u16(v.flags ?? OFPBF.ATOMIC | OFPBF.ORDERED);
      const start = w.at;
      nesting().encode(v.message, w);
      if ((v.properties ?? []).length === 0) return;
      w.padTo8(start);
      propertyList.write(w, v.properties ?? []);
    },
  };
}

/** OFPT_REQUESTFORWARD: a group or meter request that another controller made. */
export function requestForward(
  nesting: () => Nesting,
): Codec<{ readonly message: Message }, { readonly message: MessageInput }> {
  return {
    outline: { is: 'members', members: { message: inner } },
    read: (r) => ({ message: readMessage(r, nesting()) }),
    write: (w, v) => nesting().encode(v.message, w),
  };
}

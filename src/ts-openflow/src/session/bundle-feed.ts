/**
 * Additions to a bundle, made from octets: each message is copied once, behind its OFPT_BUNDLE_ADD_MESSAGE header (an
 * experimenter message on 1.3), into a chunk of 64 KiB or more that leaves in one write. Nothing is encoded again; only
 * the xid is patched, because both headers must bear the same (OpenFlow 1.4.1 clause 7.3.9.6).
 */
import { EXPERIMENTER } from '../constants.js';
import { EncodeError } from '../errors.js';
import { encodeInto, type MessageInput } from '../message.js';
import type { OpenFlowVersion } from '../version.js';
import { Writer } from '../wire/writer.js';

const LEAVES_AT = 64 * 1024;
/** Room for one more message of any length. */
const CHUNK = LEAVES_AT + 65_536;
/** Octets of the buffers that values are encoded into. */
const ENCODED = 32 * 1024;
const LONGEST = 65_535;
const OFPT_EXPERIMENTER = 4;
const OFPT_BUNDLE_ADD_MESSAGE = 34;
const ONF_ET_BUNDLE_ADD_MESSAGE = 2301;

/** The header of every addition; length and xid are patched. */
function template(version: OpenFlowVersion, bundle_id: number, flags: number): Buffer {
  const onf = version === 4;
  const octets = Buffer.alloc(onf ? 24 : 16);
  octets.writeUInt8(version, 0);
  octets.writeUInt8(onf ? OFPT_EXPERIMENTER : OFPT_BUNDLE_ADD_MESSAGE, 1);
  if (onf) {
    octets.writeUInt32BE(EXPERIMENTER.ONF, 8);
    octets.writeUInt32BE(ONF_ET_BUNDLE_ADD_MESSAGE, 12);
  }
  octets.writeUInt32BE(bundle_id, octets.length - 8);
  octets.writeUInt16BE(flags, octets.length - 2);
  return octets;
}

/** Encodes many messages into few buffers: a buffer for each costs as much as the encoding. */
export class ManyEncoder {
  readonly #version: OpenFlowVersion;
  #writer: Writer;
  #used = 0;

  constructor(version: OpenFlowVersion) {
    this.#version = version;
    this.#writer = new Writer(version, ENCODED);
  }

  /** The octets of one message, valid until they are let go. Throws EncodeError. */
  encode(message: MessageInput): Buffer {
    if (this.#used > ENCODED / 2) {
      this.#writer = new Writer(this.#version, ENCODED);
      this.#used = 0;
    }
    encodeInto(this.#writer, message);
    const octets = this.#writer.take();
    this.#used += octets.length;
    return octets;
  }
}

export class BundleFeed {
  readonly #head: Buffer;
  readonly #write: (octets: Buffer) => void;
  #chunk = Buffer.allocUnsafeSlow(CHUNK);
  #at = 0;

  constructor(version: OpenFlowVersion, bundle_id: number, flags: number, write: (octets: Buffer) => void) {
    this.#head = template(version, bundle_id, flags);
    this.#write = write;
  }

  /** Adds one message; true when a chunk left. Throws EncodeError for octets that are no message of this version. */
  add(octets: Buffer, xid: number): boolean {
    const head = this.#head;
    const length = head.length + octets.length;
    if (octets.length < 8 || octets[0] !== head[0] || octets.readUInt16BE(2) !== octets.length)
      throw new EncodeError(`not one whole message of OpenFlow 1.${(head[0] as number) - 1}`);
    if (length > LONGEST)
      throw new EncodeError(`a message of ${octets.length} octets is too long for a bundle (${LONGEST - head.length})`);
    const chunk = this.#chunk;
    const at = this.#at;
    chunk.set(head, at);
    chunk.writeUInt16BE(length, at + 2);
    chunk.writeUInt32BE(xid, at + 4);
    chunk.set(octets, at + head.length);
    chunk.writeUInt32BE(xid, at + head.length + 4);
    this.#at = at + length;
    if (this.#at < LEAVES_AT) return false;
    this.flush();
    this.#chunk = Buffer.allocUnsafeSlow(CHUNK);
    return true;
  }

  /** Lets go of what is gathered. */
  flush(): void {
    if (this.#at > 0) this.#write(this.#chunk.subarray(0, this.#at));
    this.#chunk = this.#chunk.subarray(this.#at);
    this.#at = 0;
  }
}

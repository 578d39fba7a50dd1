/**
 * Additions to a bundle: each message is encoded, or its octets copied, once, behind its OFPT_BUNDLE_ADD_MESSAGE header (an
 * experimenter message on 1.3), into a chunk of 64 KiB or more that leaves in one write. Only
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

export class BundleFeed {
  readonly #head: Buffer;
  readonly #write: (octets: Buffer) => void;
  readonly #version: OpenFlowVersion;
  /** The chunk: values are encoded straight into it. Always with room for one message, so that it never moves. */
  #chunk: Writer;

  constructor(version: OpenFlowVersion, bundle_id: number, flags: number, write: (octets: Buffer) => void) {
    this.#head = template(version, bundle_id, flags);
    this.#write = write;
    this.#version = version;
    this.#chunk = new Writer(version, CHUNK);
  }

  /** Adds one message; true when a chunk left. Throws EncodeError, with nothing added. */
  add(message: MessageInput | Buffer, xid: number): boolean {
    const chunk = this.#chunk;
    const start = chunk.at;
    try {
      chunk.bytes(this.#head);
      if (Buffer.isBuffer(message)) this.#octets(message);
      else encodeInto(chunk, message);
      this.#patch(start, xid);
    } catch (error) {
      chunk.at = start;
      throw error;
    }
    if (chunk.at < LEAVES_AT) return false;
    this.flush();
    this.#chunk = new Writer(this.#version, CHUNK);
    return true;
  }

  /** Lets go of what is gathered. */
  flush(): void {
    if (this.#chunk.at > 0) this.#write(this.#chunk.take());
  }

  #octets(octets: Buffer): void {
    if (octets.length < 8 || octets[0] !== this.#version || octets.readUInt16BE(2) !== octets.length)
      throw new EncodeError(`not one whole message of OpenFlow 1.${this.#version - 1}`);
    this.#chunk.bytes(octets);
  }

  /** Writes the length and the xid, which both headers must bear. */
  #patch(start: number, xid: number): void {
    const { octets, at } = this.#chunk;
    const head = this.#head.length;
    const length = at - start;
    if (length > LONGEST)
      throw new EncodeError(`a message of ${length - head} octets is too long for a bundle (${LONGEST - head})`);
    octets.writeUInt16BE(length, start + 2);
    octets.writeUInt32BE(xid, start + 4);
    octets.writeUInt32BE(xid, start + head + 4);
  }
}

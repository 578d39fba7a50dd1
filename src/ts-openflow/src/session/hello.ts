/**
 * HELLO (OpenFlow 1.5.1 clause 6.3.2): both sides send theirs at once; the version is the highest that both bitmaps have,
 * or, where one has no bitmap, the smaller of the two header versions if it is offered.
 */
import type { Duplex } from 'node:stream';
import { encodeMessage } from '../message.js';
import { helloElements } from '../messages/basic.js';
import type { OpenFlowVersion } from '../version.js';
import { Framer } from './framer.js';

/** No version in common, no HELLO in time, or something else instead of it. */
export class HandshakeError extends Error {}

export interface Greeting {
  readonly version: OpenFlowVersion;
  /** Holds what came behind the HELLO; the session goes on with it. */
  readonly framer: Framer;
  /** Whole messages that came in the same chunk as the HELLO. */
  readonly early: readonly Buffer[];
}

const OFPT_HELLO = 0;
const OFPHET_VERSIONBITMAP = 1;
const OFPET_HELLO_FAILED = 0;
const OFPHFC_INCOMPATIBLE = 0;

/** The version to speak, undefined when there is none. */
export function negotiate(
  ours: readonly OpenFlowVersion[],
  theirs: { version: number; versions?: readonly number[] },
): OpenFlowVersion | undefined {
  const best = Math.max(...ours);
  const common =
    theirs.versions === undefined || theirs.versions.length === 0
      ? ours.filter((v) => v === Math.min(best, theirs.version))
      : ours.filter((v) => theirs.versions?.includes(v));
  return common.length === 0 ? undefined : (Math.max(...common) as OpenFlowVersion);
}

/** Sends our HELLO and waits for theirs. Throws HandshakeError; the socket is left to the caller. */
export function greet(socket: Duplex, ours: readonly OpenFlowVersion[], timeoutMs: number): Promise<Greeting> {
  const highest = Math.max(...ours) as OpenFlowVersion;
  socket.write(encodeMessage({ kind: 'Hello', elements: helloElements(ours) }, highest));
  const framer = new Framer();
  return new Promise((resolve, reject) => {
    const done = (): void => {
      clearTimeout(timer);
      socket.off('data', read);
      socket.off('close', closed);
    };
    const fail = (why: string): void => {
      done();
      reject(new HandshakeError(why));
    };
    const closed = (): void => fail('closed before HELLO');
    const take = (first: Buffer, early: readonly Buffer[]): void => {
      if (first[1] !== OFPT_HELLO) throw new HandshakeError(`expected HELLO, got message type ${first[1]}`);
      const theirs = { version: first[0] as number, ...versionsOf(first) };
      const version = negotiate(ours, theirs);
      if (version === undefined) {
        const data = Buffer.from('no common version');
        const error = { kind: 'Error', type: OFPET_HELLO_FAILED, code: OFPHFC_INCOMPATIBLE, data } as const;
        socket.write(encodeMessage(error, highest));
        const offered = theirs.versions?.join(', ') ?? theirs.version;
        throw new HandshakeError(`no common OpenFlow version: we offer ${ours.join(', ')}, the peer ${offered}`);
      }
      done();
      socket.pause();
      resolve({ version, framer, early });
    };
    const read = (chunk: Buffer): void => {
      try {
        const messages: Buffer[] = [];
        framer.push(chunk, (octets) => messages.push(octets));
        const [first, ...early] = messages;
        if (first !== undefined) take(first, early);
      } catch (error) {
        fail((error as Error).message);
      }
    };
    const timer = setTimeout(() => fail(`no HELLO within ${timeoutMs} ms`), timeoutMs);
    socket.on('data', read);
    socket.once('close', closed);
  });
}

/** The bitmap's versions; none where it has none. Its layout is the same in every version, also one we do not speak. */
function versionsOf(octets: Buffer): { versions?: readonly number[] } {
  for (let at = 8; at + 8 <= octets.length; ) {
    const [type, length] = [octets.readUInt16BE(at), octets.readUInt16BE(at + 2)];
    if (type === OFPHET_VERSIONBITMAP && length >= 8) {
      const word = octets.readUInt32BE(at + 4);
      return { versions: Array.from({ length: 32 }, (_, v) => v).filter((v) => (word >>> v) & 1) };
    }
    at += Math.max(8, Math.ceil(length / 8) * 8);
  }
  return {};
}

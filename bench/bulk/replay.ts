/**
 * The limit: what a host was sent, as octets made beforehand, written to its switch by a plain socket. All hosts are
 * written to at once, and the time ends with the last one's barrier reply.
 */
import { connect, type Socket } from 'node:net';
import { encodeMessage, Framer, helloElements, type MessageInput } from 'ts-openflow';
import type { DesiredState } from '../../src/desired/index.js';
import { difference, EMPTY, planMessages } from '../../src/diff/index.js';

const OF15 = 6;
const WRITE = 64 * 1024;
const OFPT_ERROR = 1;
const BARRIER_REPLY = 21;
/** Atomic and in order, as the session asks for. */
const FLAGS = 3;

const control = (type: 'OPEN_REQUEST' | 'COMMIT_REQUEST', xid: number): MessageInput =>
  ({ kind: 'BundleControl', bundle_id: 1, type, xid, flags: FLAGS }) as MessageInput;

/** Everything that an empty switch is sent to hold this, from HELLO to BARRIER. */
export function recording(desired: DesiredState): Buffer {
  const { before, bundle } = planMessages(difference(desired, EMPTY).plan, OF15);
  const adds = bundle.map(({ message }, i): MessageInput => {
    const xid = i + 10;
    return { kind: 'BundleAddMessage', bundle_id: 1, flags: FLAGS, xid, message: { ...message, xid } } as MessageInput;
  });
  const hello: MessageInput = { kind: 'Hello', elements: helloElements([OF15]) };
  const begin = [hello, ...before.map(({ message }) => message), control('OPEN_REQUEST', 1)];
  const end: MessageInput[] = [control('COMMIT_REQUEST', 2), { kind: 'BarrierRequest', xid: 3 }];
  return Buffer.concat([...begin, ...adds, ...end].map((message) => encodeMessage(message, OF15)));
}

async function writeAll(socket: Socket, octets: Buffer): Promise<void> {
  for (let at = 0; at < octets.length; at += WRITE)
    if (!socket.write(octets.subarray(at, at + WRITE))) await new Promise((resolve) => socket.once('drain', resolve));
}

/** Resolves with the barrier's reply; rejects at the first error that the switch sends. */
async function replayed(path: string, octets: Buffer): Promise<void> {
  const socket = connect(path);
  const framer = new Framer();
  const answered = new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) =>
      framer.push(chunk, (message) => {
        if (message[1] === OFPT_ERROR) reject(new Error(`refused: ${message.toString('hex')}`));
        if (message[1] === BARRIER_REPLY) resolve();
      }),
    );
  });
  await writeAll(socket, octets);
  await answered;
  socket.destroy();
}

/** Seconds until all of these switches have taken what they are written. */
export async function replay(switches: readonly (readonly [path: string, octets: Buffer])[]): Promise<number> {
  const begun = performance.now();
  await Promise.all(switches.map(([path, octets]) => replayed(path, octets)));
  return (performance.now() - begun) / 1000;
}

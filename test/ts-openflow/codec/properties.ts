/**
 * The properties that hold for every message of every version, made from the library's own tables: whatever kind is
 * added there is tried here. How often they are tried is the caller's.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  DecodeError,
  decodeMessage,
  encodeMessage,
  Framer,
  formatMessage,
  type Message,
  type MessageInput,
} from 'ts-openflow';
import { recordedMessages } from '../fixtures.js';
import { damaged } from './damaged.js';
import { type Arbitraries, arbitraries } from './outlined.js';

const VERSIONS = [4, 5, 6] as const;

/** Every kind of message of a version; multiparts by type and side. */
export function kinds(all: Arbitraries): readonly (readonly [name: string, message: fc.Arbitrary<MessageInput>])[] {
  const messages = [...all.declared.messages.keys()].filter((kind) => !kind.startsWith('Multipart'));
  const sides = ['MultipartRequest', 'MultipartReply'] as const;
  return [
    ...messages.map((kind) => [kind, all.message(kind)] as const),
    ...[...all.declared.multiparts.keys()].flatMap((type) =>
      sides.map((side) => [`${side} ${type}`, all.multipart(side, type)] as const),
    ),
  ] as unknown as (readonly [string, fc.Arbitrary<MessageInput>])[];
}

/** What stands in the lists of actions and instructions of a message, however deep. */
function actionsIn(value: unknown, found: Set<string>): void {
  if (value === null || typeof value !== 'object' || Buffer.isBuffer(value)) return;
  const { kind, wire } = value as { readonly kind?: string; readonly wire?: string };
  if (kind !== undefined) found.add(wire === undefined ? kind : `${kind} as ${wire}`);
  for (const member of Object.values(value)) actionsIn(member, found);
}

/** The messages of a stream that comes in pieces. */
function cutAndRead(octets: Buffer, places: readonly number[]): Message[] {
  const at = [0, ...places.map((p) => p % (octets.length + 1)).sort((a, b) => a - b), octets.length];
  const framer = new Framer();
  const read: Message[] = [];
  for (const [i, end] of at.slice(1).entries())
    framer.push(octets.subarray(at[i], end), (message) => read.push(decodeMessage(message)));
  expect(framer.pending).equal(0);
  return read;
}

/** Decodes, or says no as a decoder may: with a DecodeError. */
function decoded(octets: Buffer): Message | undefined {
  try {
    return decodeMessage(octets);
  } catch (e) {
    expect(e).instanceOf(DecodeError);
    return undefined;
  }
}

/** What decodes can be printed, and has octets that mean the same. */
function expectSound(octets: Buffer): void {
  const message = decoded(octets);
  if (message === undefined) return;
  expect(formatMessage(message)).a('string');
  const again = encodeMessage(message, message.version);
  expect(encodeMessage(decodeMessage(again), message.version).equals(again)).equal(true);
}

export function declareProperties(runsOfAKind: number): void {
  for (const version of VERSIONS) {
    const all = arbitraries(version);
    const every = kinds(all);

    it(`1.${version - 1}: decode(encode(x)) = x for each of ${every.length} kinds of message`, () => {
      for (const [name, message] of every) {
        const same = fc.property(message, (given) => {
          const octets = encodeMessage(given, version);
          const read = decodeMessage(octets);
          expect(read, name).deep.equal(given);
          expect(encodeMessage(read, version).equals(octets), name).equal(true);
          expect(formatMessage(read), name).a('string');
        });
        fc.assert(same, { numRuns: runsOfAKind });
      }
    });

    it(`1.${version - 1}: any cutting of a stream of messages gives the same messages`, () => {
      const stream = fc.array(fc.oneof(...every.map(([, message]) => message)), { maxLength: 6 });
      const uncut = fc.property(stream, fc.array(fc.nat(), { maxLength: 12 }), (given, places) => {
        const octets = Buffer.concat(given.map((m) => encodeMessage(m, version)));
        expect(cutAndRead(octets, places)).deep.equal(given);
      });
      fc.assert(uncut, { numRuns: 5 * runsOfAKind });
    });

    it(`1.${version - 1}: damage to any kind decodes or is a DecodeError`, () => {
      for (const [, message] of every) {
        const octets = fc.sample(message, { numRuns: 5, seed: 1 }).map((m) => encodeMessage(m, version));
        fc.assert(fc.property(damaged(octets), expectSound), { numRuns: Math.ceil(runsOfAKind / 4) });
      }
    });
  }

  it('any octets decode or throw DecodeError, and what decodes can be printed and encoded', () => {
    const recorded = recordedMessages().map((m) => Buffer.from(m.hex, 'hex'));
    const random = fc.uint8Array({ maxLength: 200 }).map((o) => Buffer.from(o));
    fc.assert(fc.property(fc.oneof(damaged(recorded), random), expectSound), { numRuns: 20 * runsOfAKind });
  });
}

/** That the generators leave nothing out. */
export function declareCoverage(): void {
  for (const version of VERSIONS) {
    it(`1.${version - 1}: every form of every action and every instruction is among the generated messages`, () => {
      const all = arbitraries(version);
      const found = new Set<string>();
      for (const m of fc.sample(all.message('FlowMod'), { numRuns: 3000, seed: 1 })) actionsIn(m.instructions, found);
      const { actions, instructions } = all.declared;
      const missing = actions.filter(({ kind, form }) => !found.has(kind) && !found.has(`${kind} as ${form}`));
      expect(missing.map(({ kind, form }) => `${kind} as ${form}`)).deep.equal([]);
      expect([...instructions.keys(), 'unknown'].filter((kind) => !found.has(kind))).deep.equal([]);
    });
  }
}

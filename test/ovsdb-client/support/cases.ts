/**
 * Recorded behaviours of ovsdb-server: one case is a list of requests of sessions A, B, … and what they observed. A case is
 * run over this library's connections; uuids are compared by identity (`<u0>` is the same one everywhere in the case).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { OvsdbError, RpcConnection } from 'ovsdb-client';
import { openSocket } from './raw.js';
import { FIXTURES, sleep } from './server.js';

export type Step = readonly [session: string, method: string, params: unknown];
export interface Case {
  readonly id: string;
  readonly title: string;
  readonly expect: string;
  readonly do?: readonly Step[];
  readonly observed?: readonly (readonly [session: string, kind: 'reply' | 'unasked', answer: unknown])[];
}

export const CASES: readonly Case[] = readFileSync(join(FIXTURES, 'cases.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** Gives every uuid its number in the order of first sight. Keys first seen together are numbered in the order recorded. */
class Names {
  readonly #known = new Map<string, string>();
  constructor(readonly actual: boolean) {}
  of(text: string): string {
    if (!this.actual) return text;
    return text.replace(UUID, (uuid) => {
      const name = this.#known.get(uuid) ?? `<u${this.#known.size}>`;
      this.#known.set(uuid, name);
      return name;
    });
  }
}

/** With uuids renumbered by first sight and object keys sorted: comparable text. */
export function canonical(value: unknown, rename: (text: string) => string): unknown {
  if (typeof value === 'string') return rename(value);
  if (Array.isArray(value)) return value.map((member) => canonical(member, rename));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, member]) => [key, member] as const);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [rename(key), canonical(member, rename)]));
}

/** Recorded numbers depend on the recorder's order of sight; renumber them by ours. */
function renumber(): (text: string) => string {
  const known = new Map<string, string>();
  return (text) =>
    text.replace(/<u\d+>/g, (name) => {
      const own = known.get(name) ?? `<u${known.size}>`;
      known.set(name, own);
      return own;
    });
}

/** The reply as the library gives it, in the form of the recording. */
async function replyOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    return { result: await promise, error: null };
  } catch (error) {
    if (!(error instanceof OvsdbError)) throw error;
    const { code, details, syntax } = error;
    return { error: details === undefined ? code : { error: code, details, ...(syntax ? { syntax } : {}) } };
  }
}

/** What the sessions of a case observe, uuids numbered by first sight. */
export async function observe(steps: readonly Step[], remote: string): Promise<unknown> {
  const sessions = new Map<string, { rpc: RpcConnection; unasked: unknown[] }>();
  const sessionOf = async (name: string) => {
    const known = sessions.get(name);
    if (known) return known;
    const unasked: unknown[] = [];
    const rpc = new RpcConnection(await openSocket(remote), {
      onActivity: () => undefined,
      onNotification: (method, params) => unasked.push({ id: null, method, params }),
      onClose: () => undefined,
    });
    const session = { rpc, unasked };
    sessions.set(name, session);
    return session;
  };
  const actual: unknown[] = [];
  for (const [name, method, params] of steps) {
    const session = await sessionOf(name);
    if (method === '~') {
      await sleep(Number(params) * 1000);
      actual.push([name, 'unasked', session.unasked.splice(0)]);
    } else actual.push([name, 'reply', await replyOf(session.rpc.request(method, params as unknown[]))]);
  }
  for (const { rpc } of sessions.values()) rpc.close(new OvsdbError('connection lost', { details: 'end of the case' }));
  const names = new Names(true);
  return canonical(actual, (text) => names.of(text));
}

/** Runs a case. `wording` false compares the errors' codes but not their words. */
export async function runCase(
  { do: steps = [], observed = [] }: Case,
  remote: string,
  wording: boolean,
): Promise<void> {
  const [ours, theirs] = [await observe(steps, remote), canonical(observed, renumber())];
  expect(wording ? ours : wordless(ours)).to.deep.equal(wording ? theirs : wordless(theirs));
}

/** Without the words of errors: the code alone. */
export function wordless(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(wordless);
  if (typeof value !== 'object' || value === null) return value;
  const { details: _details, syntax: _syntax, ...rest } = value as Record<string, unknown>;
  if (typeof rest.error === 'object' && rest.error !== null)
    return { ...rest, error: (rest.error as { error: unknown }).error };
  return Object.fromEntries(Object.entries(rest).map(([key, member]) => [key, wordless(member)]));
}

/**
 * `kakuri openflow decode` and `kakuri openflow parse-flow`: the OpenFlow library as a filter.
 *
 * One line in, one line out, in order, while input still comes; a line that is no message is an answer like any other.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import {
  DecodeError,
  decodeMessage,
  EncodeError,
  encodeMessage,
  formatMessage,
  messageName,
  OPENFLOW_VERSIONS,
  parseFlow,
  TextError,
} from 'ts-openflow';

interface Decoded {
  readonly ok: boolean;
  readonly type: string | null;
  readonly version: string | null;
  readonly xid: number | null;
  readonly reencoded: string | null;
  readonly text: string | null;
  /** What was wrong, at which octet, and the octets there. */
  readonly error: string | null;
}

const NOTHING = { ok: false, type: null, version: null, xid: null, reencoded: null, text: null } as const;

/** The answer to one line of hex. */
export function decodeLine(line: string): Decoded {
  const hex = line.replace(/\s+/g, '');
  if (hex.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(hex))
    return { ...NOTHING, error: `not hexadecimal: ${hex.slice(0, 32)}` };
  try {
    const message = decodeMessage(Buffer.from(hex, 'hex'));
    return {
      ok: true,
      type: messageName(message.kind, message.version),
      version: `1.${message.version - 1}`,
      xid: message.xid,
      reencoded: encodeMessage(message, message.version).toString('hex'),
      text: formatMessage(message),
      error: null,
    };
  } catch (error) {
    if (error instanceof DecodeError || error instanceof EncodeError) return { ...NOTHING, error: error.message };
    throw error;
  }
}

interface Parsed {
  readonly ok: boolean;
  readonly hex: string | null;
  readonly error: string | null;
}

/** The answer to one line `{"version","text"}`. */
export function parseFlowLine(line: string): Parsed {
  const refused = (error: string): Parsed => ({ ok: false, hex: null, error });
  let request: unknown;
  try {
    request = JSON.parse(line);
  } catch {
    return refused('the line is not JSON');
  }
  const { version: name, text } = (request ?? {}) as { readonly version?: unknown; readonly text?: unknown };
  const version = typeof name === 'string' ? OPENFLOW_VERSIONS[name as keyof typeof OPENFLOW_VERSIONS] : undefined;
  if (version === undefined) return refused('version must be "1.3", "1.4" or "1.5"');
  if (typeof text !== 'string') return refused('text must be a string');
  try {
    return { ok: true, hex: encodeMessage(parseFlow(text, { version }), version).toString('hex'), error: null };
  } catch (error) {
    if (error instanceof TextError || error instanceof EncodeError) return refused(error.message);
    throw error;
  }
}

/** Answers every line of stdin on stdout, no faster than stdout takes it. */
export async function answerLines(answer: (line: string) => object): Promise<void> {
  const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    if (!process.stdout.write(`${JSON.stringify(answer(line))}\n`)) await once(process.stdout, 'drain');
  }
}

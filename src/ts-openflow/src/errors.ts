/**
 * The three ways this library says no.
 *
 * Decisions are made on `what` (the specification's own name of the error where it has one), never on the message
 * text. A decoder throws only `DecodeError`, an encoder only `EncodeError`, a text parser only `TextError`.
 */

const SHOWN = 16;

/** Octets that are not a valid message: what was wrong, at which offset of the message, and the octets there. */
export class DecodeError extends Error {
  readonly what: string;
  /** From the first octet of the message. */
  readonly offset: number;
  /** Hex of up to 16 octets at the offset. */
  readonly octets: string;

  constructor(what: string, offset: number, source: Uint8Array) {
    const octets = Buffer.from(source.subarray(offset, offset + SHOWN)).toString('hex');
    super(`${what} at octet ${offset}${octets === '' ? '' : `: ${octets}`}`);
    this.name = 'DecodeError';
    this.what = what;
    this.offset = offset;
    this.octets = octets;
  }
}

/** A value that has no octets: too wide, of no meaning in this OpenFlow version, or too long for one message. */
export class EncodeError extends Error {
  readonly what: string;

  constructor(what: string) {
    super(what);
    this.name = 'EncodeError';
    this.what = what;
  }
}

/** Text that is not a flow, match or action: where (1-based), and what was expected there. */
export class TextError extends Error {
  readonly line: number;
  readonly column: number;
  readonly expected: string;

  constructor(expected: string, column = 1, line = 1) {
    super(`${line}:${column}: ${expected}`);
    this.name = 'TextError';
    this.line = line;
    this.column = column;
    this.expected = expected;
  }
}

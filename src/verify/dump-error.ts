/** Mistakes in a saved dump: every one with file, line and column. */

export interface DumpMistake {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** The text of a dump cannot be read. */
export class DumpError extends Error {
  constructor(readonly mistakes: readonly DumpMistake[]) {
    super(mistakes.map((m) => `${m.file}:${m.line}:${m.column}: ${m.message}`).join('\n'));
    this.name = 'DumpError';
  }
}

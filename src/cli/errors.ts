/** An end of a command that is no defect: one clear line on stderr, and the exit code of the contract. */
export class CliError extends Error {
  constructor(
    message: string,
    readonly exitCode: 1 | 2 | 3 | 130,
  ) {
    super(message);
  }
}

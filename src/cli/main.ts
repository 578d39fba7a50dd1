/**
 * `kakuri`: the command line. One file a command, each loaded only when it is asked for, so that `kakuri check` does not
 * wait for an HTTP server to load. Exit codes: 0 ok, 1 the answer is no, 2 bad input or usage, 3 cannot be reached.
 */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { COMMANDS } from './commands.js';
import { CliError } from './errors.js';

const version = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')).version as string;

const program = new Command('kakuri')
  .description('Multi-tenant virtual networks on Open vSwitch: isolation in the flow tables, and proved from them')
  .version(version)
  .exitOverride()
  .showSuggestionAfterError();

for (const declare of COMMANDS) declare(program, version);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof CliError) {
    process.stderr.write(`kakuri: ${error.message}\n`);
    process.exitCode = error.exitCode;
  } else throw error;
}

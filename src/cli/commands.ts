/** Every command, in the order `kakuri --help` lists them. */
import type { Command } from 'commander';
import type { CheckOptions } from './check.js';

/** Adds one command to the program; the work itself is imported in its action. */
export type Declare = (program: Command, version: string) => void;

/**
 * Adds a command with what every command has: `--version`, `--log-level` and an example under its `--help`.
 * Errors of usage reach `main` instead of ending the process.
 */
export function command(parent: Command, version: string, name: string, description: string, example: string): Command {
  return parent
    .command(name)
    .description(description)
    .version(version)
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent', 'info')
    .addHelpText('after', `\nExample:\n  ${example}`);
}

const check: Declare = (program, version) =>
  command(program, version, 'check', 'every mistake of a topology file', 'kakuri check topologies/two-tenants.yaml')
    .argument('<file>', 'the topology file')
    .option('--json', 'the problems as JSON on stdout: [{"file","line","column","code","message"}]')
    .option('--state <dir>', 'also compare with the tunnel keys remembered there')
    .action(async (file: string, options: CheckOptions) => (await import('./check.js')).check(file, options));

export const COMMANDS: readonly Declare[] = [check];

/** How a command is declared: what every one of them has. */
import type { Command } from 'commander';

/** Adds one command to the program; the work itself is imported in its action. */
export type Declare = (program: Command, version: string) => void;

/** Adds a command with what every command has: `--version`, `--log-level` and an example under its `--help`. */
export function command(parent: Command, version: string, name: string, description: string, example: string): Command {
  return parent
    .command(name)
    .description(description)
    .version(version)
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent', 'info')
    .addHelpText('after', `\nExample:\n  ${example}`);
}

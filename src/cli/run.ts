/** `kakuri run`: the controller. */
import { InvalidArgumentError, Option } from 'commander';
import { command, type Declare } from './command.js';
import type { RunOptions } from './options.js';
import { withTls } from './tls.js';

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0 || text.trim() === '')
    throw new InvalidArgumentError(`${JSON.stringify(text)}: expected seconds, or 0`);
  return value;
}

export const declareRun: Declare = (program, version) => {
  withTls(
    command(
      program,
      version,
      'run',
      'the controller: keeps every host as the topology file wants it',
      'kakuri run topologies/two-tenants.yaml',
    ),
  )
    .argument('<file>', 'the topology; read again whenever it changes')
    .option(
      '--listen <address>',
      'where switches reach the controller, as OVS writes it: ptcp:, pssl: or punix:',
      'ptcp:6653',
    )
    .option('--advertise <address>', 'what hosts are told to connect to (default: this machine as each host sees it)')
    .option('--api <url>', 'where status, flows and the like ask; http://ADDRESS:PORT', 'http://127.0.0.1:6680')
    .option('--api-token-file <file>', 'bearer token; needed where the API is not on loopback')
    .option('--state <dir>', 'where allocated keys are remembered (default: $XDG_STATE_HOME/kakuri)')
    .addOption(
      new Option(
        '--verify <mode>',
        'enforce: each plan is proved before it is sent, and what would leak is refused',
      ).choices(['enforce']),
    )
    .option(
      '--probe-every <seconds>',
      'how often each path between hosts by flow-based tunnels is probed; 0: never',
      seconds,
      10,
    )
    .option('--once', 'exit 0 when every host is confirmed; hosts go on working')
    .option('--json', 'the ready line as JSON: {"ready","pid","api"}')
    .option('--timeout <seconds>', 'with --once: give up (exit 3) after this time', '60')
    .action(async (file: string, options: RunOptions) => {
      const { run } = await import('./run-controller.js');
      process.exitCode = await run(file, options);
    });
};

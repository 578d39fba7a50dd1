/** `kakuri remove`: takes off the hosts what is Kakuri's, and nothing else. */
import { command, type Declare } from './command.js';
import type { RemoveOptions } from './options.js';
import { withTls } from './tls.js';

export const declareRemove: Declare = (program, version) => {
  withTls(
    command(
      program,
      version,
      'remove',
      "takes off the hosts what is Kakuri's, and nothing else",
      'kakuri remove topologies/two-tenants.yaml',
    ),
  )
    .argument('<file>', 'the topology whose hosts are meant')
    .option('--keep-bridge', 'leave br-int, closed and empty')
    .option('--state <dir>', 'where allocated keys are remembered (default: $XDG_STATE_HOME/kakuri)')
    .option('--timeout <seconds>', 'how long a host may take to answer', '10')
    .option('--json', 'for machines')
    .action(async (file: string, options: RemoveOptions) => {
      const { removeAll } = await import('./remove-hosts.js');
      process.exitCode = await removeAll(file, options);
    });
};

/** `kakuri simulate`: what an installation of some size would ask of the controller. */
import { InvalidArgumentError, Option } from 'commander';
import { command, type Declare } from './command.js';
import type { SimulateOptions } from './options.js';

function count(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least) throw new InvalidArgumentError(`a whole number, ${least} or more`);
    return value;
  };
}

function tunnels(text: string): 'mesh' | 'flow' {
  if (text !== 'mesh' && text !== 'flow') throw new InvalidArgumentError('mesh or flow');
  return text;
}

export const declareSimulate: Declare = (program, version) => {
  command(
    program,
    version,
    'simulate',
    'sizes an installation: the controller over fake hosts on real OpenFlow and OVSDB sockets, in a second process',
    'kakuri simulate --hosts 100 --networks 500 --ports 2000',
  )
    .option('--hosts <n>', 'hypervisors', count(1), 20)
    .option('--networks <n>', 'virtual networks', count(1), 50)
    .option('--ports <n>', 'VM ports, of all networks together', count(1), 400)
    .option('--tunnels <kind>', 'mesh or flow, as in the topology file', tunnels, 'mesh')
    .addOption(
      new Option('--encapsulation <name>', 'of all networks, as in the topology file')
        .choices(['geneve', 'vxlan', 'gre', 'nvgre', 'ip-tunnel'])
        .default('geneve'),
    )
    .option('--changes <n>', 'ports that are plugged in one by one, and as many again at once', count(1), 50)
    .option('--json', 'the results as one JSON object')
    .action(async (options: SimulateOptions) => {
      const { runSimulate } = await import('./run-simulate.js');
      process.exitCode = await runSimulate(options);
    });
};

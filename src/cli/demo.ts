/** `kakuri demo`: a lab on this machine, the controller, and the isolation matrix from real packets. */
import { InvalidArgumentError } from 'commander';
import { command, type Declare } from './command.js';
import type { DemoOptions } from './options.js';

const MOST_HOSTS = 16;

function hostCount(text: string): number {
  const hosts = Number(text);
  if (!Number.isInteger(hosts) || hosts < 2 || hosts > MOST_HOSTS)
    throw new InvalidArgumentError(`expected 2 to ${MOST_HOSTS}`);
  return hosts;
}

function oneOf<const T extends string>(...allowed: readonly T[]): (text: string) => T {
  return (text) => {
    if (!(allowed as readonly string[]).includes(text))
      throw new InvalidArgumentError(`expected ${allowed.join(', ')}`);
    return text as T;
  };
}

export const declareDemo: Declare = (program, version) => {
  command(
    program,
    version,
    'demo',
    'a lab on this machine: two tenants with the same addresses, kept apart',
    'kakuri demo --hosts 3 --encapsulation vxlan',
  )
    .option('--hosts <n>', 'hypervisors, each with its own Open vSwitch', hostCount, 2)
    .option(
      '--encapsulation <name>',
      'geneve, vxlan, gre, nvgre, vlan or ip-tunnel',
      oneOf('geneve', 'vxlan', 'gre', 'nvgre', 'vlan', 'ip-tunnel'),
      'geneve' as const,
    )
    .option('--tunnels <mode>', 'mesh or flow', oneOf('mesh', 'flow'), 'mesh' as const)
    .option('--json', 'the result for machines')
    .action(async (options: DemoOptions) => {
      const { demo } = await import('./run-demo.js');
      process.exitCode = await demo(options);
    });
};

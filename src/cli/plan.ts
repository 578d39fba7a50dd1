/** `kakuri plan`: what a topology file will change, on which host, in words and in flows, and the proof of the result. */
import { withApi } from './ask.js';
import { command, type Declare } from './command.js';
import type { PlanOptions } from './run-plan.js';

export const declarePlan: Declare = (program, version) => {
  withApi(
    command(
      program,
      version,
      'plan',
      'what a topology file would change: hosts, flows, who reaches whom, and the proof',
      'kakuri plan next.yaml --out next.plan',
    ),
  )
    .argument('<file>', 'the topology file that is meant')
    .option('--out <plan>', 'save the plan, for kakuri apply')
    .option('--dumps <dir>', 'saved dumps instead of the running controller’s hosts')
    .option('--offline', 'no host is asked: VMs are where `hosts` puts them first, and nothing is installed yet')
    .option('--from <file>', 'with --offline: the topology in effect, and what it installs')
    .option('--state <dir>', 'where allocated keys are remembered (read only)')
    .option('--summary', 'objects and counts, without the flows themselves')
    .option('--json', 'for machines')
    .action(async (file: string, options: PlanOptions) => {
      const { runPlan } = await import('./run-plan.js');
      process.exitCode = await runPlan(file, options);
    });
};

/** `kakuri apply`: a saved plan is carried out by the running controller, if the hosts still are as they were. */
import { type AskOptions, withApi } from './ask.js';
import { command, type Declare } from './command.js';

export interface ApplyOptions extends AskOptions {
  readonly plan: string;
  readonly timeout: string;
  readonly json?: boolean;
}

export const declareApply: Declare = (program, version) => {
  withApi(
    command(
      program,
      version,
      'apply',
      'carries out a saved plan, if the hosts still are as they were',
      'kakuri apply next.yaml --plan next.plan',
    ),
  )
    .argument('<file>', 'the topology file that the plan was made of; the controller’s own file becomes the same')
    .requiredOption('--plan <plan>', 'what kakuri plan --out saved')
    .option('--timeout <seconds>', 'how long the hosts may take to confirm', '60')
    .option('--json', 'for machines')
    .action(async (file: string, options: ApplyOptions) => {
      const { runApply } = await import('./run-apply.js');
      process.exitCode = await runApply(file, options);
    });
};

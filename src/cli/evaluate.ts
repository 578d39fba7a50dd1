/** `kakuri evaluate`: each scheme built in a lab on this machine and measured; the evidence as tables and plots. */
import { InvalidArgumentError } from 'commander';
import { command, type Declare } from './command.js';
import { SCHEMES, type Scheme } from './evaluate/schemes.js';

interface EvaluateOptions {
  readonly schemes: readonly Scheme[];
  readonly quick?: boolean;
  readonly out?: string;
  readonly from?: string;
  readonly json?: boolean;
}

const NAMES = SCHEMES.map(({ name }) => name).join(', ');

function someSchemes(text: string): readonly Scheme[] {
  return text.split(',').map((name) => {
    const scheme = SCHEMES.find((s) => s.name === name.trim());
    if (scheme === undefined) throw new InvalidArgumentError(`${JSON.stringify(name)}: expected some of ${NAMES}`);
    return scheme;
  });
}

export const declareEvaluate: Declare = (program, version) => {
  command(
    program,
    version,
    'evaluate',
    'the schemes side by side, measured in a lab on this machine',
    'kakuri evaluate --quick --schemes geneve,gre --out evaluation',
  )
    .option('--schemes <names>', `some of ${NAMES}, with commas between`, someSchemes, SCHEMES)
    .option('--quick', 'few repetitions: ten minutes at most on two cores')
    .option('--out <base>', 'also write BASE.md, BASE.html, BASE.json and BASE-*.svg')
    .option('--from <file>', 'measure nothing: report what an earlier BASE.json says')
    .option('--json', 'the result for machines')
    .action(async ({ schemes, quick = false, out, from, json }: EvaluateOptions) => {
      const { loadEvaluation, runEvaluation } = await import('./evaluate/run-evaluate.js');
      const { terminalText, writeReports } = await import('./evaluate/reports.js');
      const evaluation = from === undefined ? await runEvaluation(schemes, quick) : await loadEvaluation(from);
      if (out !== undefined) process.stderr.write(`written: ${(await writeReports(evaluation, out)).join(', ')}\n`);
      console.log(json ? JSON.stringify(evaluation) : terminalText(evaluation));
    });
};

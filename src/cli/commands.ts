/** Every command, in the order `kakuri --help` lists them. */
import { declareApply } from './apply.js';
import type { CheckOptions } from './check.js';
import { command, type Declare } from './command.js';
import { declareDemo } from './demo.js';
import { declareDiff } from './diff.js';
import { declareDump } from './dump.js';
import { declareEvaluate } from './evaluate.js';
import { declareEvidence } from './evidence.js';
import { declareFlows } from './flows.js';
import { declareOpenflow } from './openflow-command.js';
import { declarePlan } from './plan.js';
import { declareRemove } from './remove.js';
import { declareRun } from './run.js';
import { declareSimulate } from './simulate.js';
import { declareStatus } from './status.js';
import { declareTrace } from './trace.js';
import { declareVerify } from './verify.js';

const declareCheck: Declare = (program, version) => {
  command(program, version, 'check', 'every mistake of a topology file', 'kakuri check topologies/two-tenants.yaml')
    .argument('<file>', 'the topology file')
    .option('--json', 'the problems as JSON on stdout: [{"file","line","column","code","message"}]')
    .option('--state <dir>', 'also compare with the tunnel keys remembered there')
    .action(async (file: string, options: CheckOptions) => (await import('./check.js')).check(file, options));
};

export const COMMANDS: readonly Declare[] = [
  declareDemo,
  declareCheck,
  declareRun,
  declarePlan,
  declareApply,
  declareStatus,
  declareFlows,
  declareVerify,
  declareTrace,
  declareDump,
  declareDiff,
  declareEvidence,
  declareRemove,
  declareSimulate,
  declareEvaluate,
  declareOpenflow,
];

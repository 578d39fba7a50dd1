/** What `kakuri plan` does: the topology in effect and what the hosts hold, live, saved or made up, and what a file changes. */
import { type Topology, topologyChanges } from '../topology/index.js';
import { type HostDump, type HostPlan, type Plan, planOf, predict } from '../verify/index.js';
import type { AskOptions } from './ask.js';
import { CliError } from './errors.js';
import { offlineHosts } from './offline-hosts.js';
import { savedPlan, writePlan } from './plan-file.js';
import { readTopologyBeside } from './planned-topology.js';
import { leakText, readHosts } from './run-verify.js';

export interface PlanOptions extends AskOptions {
  readonly dumps?: string;
  readonly offline?: boolean;
  readonly from?: string;
  readonly state?: string;
  readonly out?: string;
  readonly summary?: boolean;
  readonly json?: boolean;
}

interface Given {
  readonly before: Topology;
  readonly after: Topology;
  readonly dumps: readonly HostDump[];
}

/** Without hosts: from another file, or from nothing. */
async function offline(file: string, { from, state }: PlanOptions): Promise<Given> {
  if (from === undefined) {
    const after = await readTopologyBeside(file, state);
    return { before: { ...after, hosts: [], networks: [] }, after, dumps: offlineHosts(after) };
  }
  const before = await readTopologyBeside(from, state);
  const after = await readTopologyBeside(file, state, before);
  const { dumps } = predict({ ...before, hosts: [], networks: [] }, before, offlineHosts(before, after));
  return { before, after, dumps };
}

async function given(file: string, options: PlanOptions): Promise<Given> {
  if (options.offline !== true && options.from !== undefined)
    throw new CliError('--from goes with --offline: a running controller or --dumps has a topology of its own', 2);
  if (options.offline === true && options.dumps !== undefined)
    throw new CliError('--offline needs no --dumps: choose one of the two', 2);
  if (options.offline === true) return offline(file, options);
  const { topology: before, dumps, unread } = await readHosts(options);
  if (unread.length > 0) throw new CliError(unread.join('\n'), 3);
  return { before, after: await readTopologyBeside(file, options.state, before), dumps };
}

/** Reads and plans. Throws CliError. */
export async function plan(file: string, options: PlanOptions): Promise<Given & { readonly plan: Plan }> {
  const { before, after, dumps } = await given(file, options);
  if (before.networks.some(({ former }) => former !== undefined))
    throw new CliError('a change of the topology is still on its way: try again when every host is ready', 3);
  return { before, after, dumps, plan: planOf(before, after, dumps) };
}

const indented = (lines: readonly string[], by: string): string[] => lines.map((line) => `${by}${line}`);

function hostText(host: HostPlan, summary: boolean): readonly string[] {
  const { add, remove, modify, was } = host;
  const flows = [
    ...remove.map((flow) => `- ${flow}`),
    ...modify.flatMap((flow, i) => [`- ${was[i]}`, `+ ${flow}`]),
    ...add.map((flow) => `+ ${flow}`),
  ];
  return [
    `${host.name}: flows: ${add.length} added, ${remove.length} removed, ${modify.length} modified`,
    ...indented(host.words, '  '),
    ...indented(host.others, '  '),
    ...indented(host.warnings, '  not given: '),
    ...(summary ? [] : indented(flows, '    ')),
  ];
}

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [title, ...indented(lines, '  '), ''];

/** A plan as a person reads it. */
export function planText({ changes, hosts, gained, lost, notFollowed, proof }: Plan, summary: boolean): string {
  if (changes.length + hosts.length === 0) return 'nothing changes: every host holds what the file asks for';
  const pairs = (list: Plan['gained'], what: string): string[] => list.map(({ from, to }) => `${what} ${from} → ${to}`);
  return [
    ...section('what changes in the topology', changes),
    ...section(
      'what changes on the hosts',
      hosts.flatMap((host) => hostText(host, summary)),
    ),
    ...section('who reaches whom', [
      ...pairs(gained, 'gained:'),
      ...pairs(lost, 'lost:'),
      ...notFollowed.map((network) => `${network}: too many pairs to be followed one by one`),
      ...(gained.length + lost.length + notFollowed.length === 0 ? ['as before'] : []),
    ]),
    `the result is ${proof.verdict}, proved over ${proof.flows} flows`,
    ...proof.unproven.map((why) => `  not proved: ${why}`),
    ...proof.leaks.map(leakText),
  ].join('\n');
}

const unsaved = ({ hosts, ...rest }: Plan) => ({
  ...rest,
  hosts: hosts.map(({ holds: _, ...host }) => host),
});

/** Exit code 0; 1 where the result would not be proved isolated. */
export async function runPlan(file: string, options: PlanOptions): Promise<number> {
  const { plan: found, before, after } = await plan(file, options);
  if (options.out !== undefined) await writePlan(options.out, savedPlan(found, before, after));
  if (options.json) console.log(JSON.stringify(unsaved(found)));
  else {
    console.log(planText(found, options.summary === true));
    if (options.out !== undefined && topologyChanges(before, after).length > 0)
      console.log(`saved: kakuri apply ${file} --plan ${options.out}`);
  }
  return found.proof.verdict === 'isolated' ? 0 : 1;
}

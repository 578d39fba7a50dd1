/** What `kakuri verify` does: dumps, live or saved, into the proof, and its verdict told. */
import { join } from 'node:path';
import type { DumpReport } from '../controller/index.js';
import { allocateKeys, EMPTY_MEMORY, parseTopology, type Topology } from '../topology/index.js';
import {
  foreignSpec,
  type HostDump,
  hostOfDump,
  kakuriReasons,
  kakuriSpec,
  type LeakReport,
  otherBridge,
  type Proof,
  unreadPorts,
  verify,
} from '../verify/index.js';
import { type AskOptions, ask } from './ask.js';
import { dumpsOf, readFolder, readHidden, TOPOLOGY_FILE, textsOf } from './dump-folder.js';
import { CliError } from './errors.js';
import { loadTopology, ProblemsError } from './load.js';
import { readTenants } from './tenants-file.js';

export interface VerifyOptions extends AskOptions {
  readonly dumps?: string;
  readonly tenants?: string;
  readonly state?: string;
  readonly json?: boolean;
}

/** A proof with what was proved and how long it took, reading not counted. */
export interface Proved extends Proof {
  readonly hosts: number;
  readonly seconds: number;
}

/** The topology of a folder. Keys that its file lacks are those remembered in `state`. */
async function topologyOf(options: VerifyOptions, directory: string): Promise<Topology> {
  try {
    return await loadTopology(join(directory, TOPOLOGY_FILE), options.state);
  } catch (error) {
    if (error instanceof ProblemsError) throw new CliError(error.lines.join('\n'), 2);
    throw error;
  }
}

/** The running controller's hosts. Throws CliError 3 where one of them could not be read: the proof is of all or none. */
const live = async (options: VerifyOptions): Promise<ReadHosts> =>
  hostsOfReport(await ask<DumpReport>('/dump', options));

/** What is proved of: Kakuri's own hosts. */
export interface ReadHosts {
  readonly topology: Topology;
  readonly dumps: readonly HostDump[];
  /** What could not be read, a clause each. */
  readonly unread: readonly string[];
}

/** The hosts of a controller's report. Throws CliError 3 where one of them could not be read. */
export function hostsOfReport(report: DumpReport): ReadHosts {
  const missing = report.hosts.filter(({ texts }) => texts === undefined);
  if (missing.length > 0)
    throw new CliError(
      missing.map(({ host, error }) => `${host}: ${error}; without it nothing is proved`).join('\n'),
      3,
    );
  const { draft, problems } = parseTopology(report.topology, 'topology');
  const allocated = draft === undefined ? undefined : allocateKeys(draft, EMPTY_MEMORY, 0);
  if (allocated?.topology === undefined)
    throw new CliError(
      `the controller's topology cannot be read: ${(allocated ?? { problems }).problems[0]?.message}`,
      3,
    );
  const networks = allocated.topology.networks.map((network) => {
    const former = report.former[network.path];
    return former === undefined ? network : { ...network, former };
  });
  const unread = report.hosts.flatMap(({ host, hidden, bridges = [] }) => [
    ...(hidden === undefined ? [] : [`${host}: ${hidden}`]),
    ...bridges.flatMap(({ bridge, error, hidden: there }) => {
      const why = error ?? there;
      return why === undefined ? [] : [`${otherBridge(host, bridge)}: ${why}`];
    }),
  ]);
  return { topology: { ...allocated.topology, networks }, dumps: dumpsOf(textsOf(report)), unread };
}

/** Kakuri's own hosts, live or saved, with the topology that is meant, and what could not be read. Throws CliError. */
export async function readHosts(options: VerifyOptions): Promise<ReadHosts> {
  const { topology, dumps, unread } =
    options.dumps === undefined
      ? await live(options)
      : {
          topology: await topologyOf(options, options.dumps),
          dumps: await readFolder(options.dumps),
          unread: await readHidden(options.dumps),
        };
  const strangers = dumps.filter((dump) => !topology.hosts.some(({ name }) => name === hostOfDump(dump)));
  if (strangers.length > 0)
    throw new CliError(`${strangers.map(({ host }) => host).join(', ')}: no host of the topology`, 2);
  return { topology, dumps, unread };
}

function timed(dumps: readonly HostDump[], proof: () => Proof): Proved {
  const start = performance.now();
  const result = proof();
  return { ...result, hosts: new Set(dumps.map(hostOfDump)).size, seconds: (performance.now() - start) / 1000 };
}

/** The proof over Kakuri's own hosts. What could not be read leaves it unproven. */
export function proveRead({ topology, dumps, unread }: ReadHosts): Proved {
  const proof = timed(dumps, () => verify(dumps, kakuriSpec(topology, dumps), kakuriReasons(topology, dumps)));
  const absent = topology.hosts.filter(({ name }) => !dumps.some(({ host }) => host === name));
  const more = [
    ...absent.map(({ name }) => `${name}: there is no dump of it`),
    ...unreadPorts(topology, dumps),
    ...unread,
  ];
  return lessProved(proof, more);
}

/** A proof from which something is missing. */
function lessProved(proof: Proved, missing: readonly string[]): Proved {
  if (missing.length === 0) return proof;
  const unproven = [...proof.unproven, ...missing];
  return { ...proof, unproven, verdict: proof.verdict === 'leak' ? 'leak' : 'unproven' };
}

/** Reads and proves. Throws CliError. */
export async function prove(options: VerifyOptions): Promise<Proved> {
  if (options.tenants === undefined) return proveRead(await readHosts(options));
  if (options.dumps === undefined)
    throw new CliError('--tenants needs --dumps: hosts of another controller are saved first', 2);
  const tenants = await readTenants(options.tenants);
  const dumps = await readFolder(options.dumps);
  const proof = timed(dumps, () => verify(dumps, foreignSpec(tenants, dumps)));
  return lessProved(proof, await readHidden(options.dumps));
}

/** A leak as a person reads it. */
export function leakText(leak: LeakReport): string {
  const lines = [
    `LEAK (${leak.goal}) from ${leak.from} to ${leak.delivered.length > 0 ? leak.delivered.join(', ') : leak.to}`,
    `  ${leak.reason}`,
    `  packet: ${leak.description}`,
    `  octets: ${leak.packet}`,
    '  its way:',
  ];
  for (const step of leak.path)
    lines.push(
      `    ${step.host} ${step.flow}`,
      `        ${step.cookie === '' ? '' : `${step.owner}: `}${step.why}${step.cookie === '' ? '' : ` (cookie ${step.cookie})`}`,
    );
  return lines.join('\n');
}

/** The verdict as a person reads it. */
export function proofText(proof: Proved): string {
  const head = `${proof.verdict}: ${proof.flows} flows on ${proof.hosts} hosts, ${proof.seconds.toFixed(2)} s`;
  return [head, ...proof.unproven.map((why) => `  not proved: ${why}`), ...proof.leaks.map(leakText)].join('\n');
}

/** Exit code 0 when isolated, else 1. */
export async function runVerify(options: VerifyOptions): Promise<number> {
  const proof = await prove(options);
  console.log(options.json ? JSON.stringify(proof) : proofText(proof));
  return proof.verdict === 'isolated' ? 0 : 1;
}

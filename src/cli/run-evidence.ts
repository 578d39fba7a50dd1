/**
 * What `kakuri evidence` does. The archive holds one folder, `evidence`: a dump folder as `kakuri dump` writes it, on
 * which `kakuri verify --dumps` and `sha256sum -c SHA256SUMS` can be run again by anybody, and beside it the proof and the
 * versions. Equal contents give equal archives: names are sorted, and times and owners left out.
 */
import { createHash } from 'node:crypto';
import { copyFile, cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { create } from 'tar';
import type { DumpReport } from '../controller/index.js';
import { ask } from './ask.js';
import { writeFolder } from './dump-folder.js';
import { CliError } from './errors.js';
import { hostsOfReport, type Proved, proofText, proveRead, readHosts, type VerifyOptions } from './run-verify.js';

export type EvidenceOptions = Omit<VerifyOptions, 'tenants'>;

const FOLDER = 'evidence';

interface Gathered {
  readonly proof: Proved;
  /** Of each host's Open vSwitch; empty where dumps were saved before. */
  readonly openVSwitch: Readonly<Record<string, string>>;
}

/** Writes the dump folder, and proves of the very same texts. Throws CliError. */
async function gather(folder: string, options: EvidenceOptions): Promise<Gathered> {
  if (options.dumps !== undefined) {
    const proof = proveRead(await readHosts(options));
    await cp(options.dumps, folder, { recursive: true });
    return { proof, openVSwitch: {} };
  }
  const report = await ask<DumpReport>('/dump', options);
  if (Object.keys(report.former).length > 0)
    throw new CliError('a change of the topology is still on its way: try again when every host is ready', 3);
  const proof = proveRead(hostsOfReport(report));
  await writeFolder(folder, report);
  const versions = report.hosts.map(({ host, ovsVersion }) => [host, ovsVersion ?? 'unknown'] as const);
  return { proof, openVSwitch: Object.fromEntries(versions) };
}

/** Every file below the folder, by its path in it, sorted. */
async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** As `sha256sum` prints them. */
async function checksums(folder: string): Promise<string> {
  const lines = (await filesIn(folder)).map(async (name) => {
    const digest = createHash('sha256').update(await readFile(join(folder, name)));
    return `${digest.digest('hex')}  ${name}\n`;
  });
  return (await Promise.all(lines)).join('');
}

async function write(
  directory: string,
  file: string,
  { proof, openVSwitch }: Gathered,
  version: string,
): Promise<void> {
  const folder = join(directory, FOLDER);
  const versions = { kakuri: version, node: process.version, openVSwitch };
  const { seconds: _, ...told } = proof;
  await writeFile(join(folder, 'proof.json'), `${JSON.stringify(told, undefined, 1)}\n`);
  await writeFile(join(folder, 'proof.txt'), `${proofText(proof).replace(/, [\d.]+ s$/m, '')}\n`);
  await writeFile(join(folder, 'versions.json'), `${JSON.stringify(versions, undefined, 1)}\n`);
  await writeFile(join(folder, 'SHA256SUMS'), await checksums(folder));
  const names = (await filesIn(folder)).map((name) => join(FOLDER, name));
  const archive = join(directory, 'archive.tar.gz');
  // `portable` leaves out owners and what only this machine knows; times are those of 1970.
  await create({ gzip: true, portable: true, mtime: new Date(0), cwd: directory, file: archive }, names);
  const beside = `${file}.${process.pid}.new`;
  try {
    await copyFile(archive, beside);
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw new CliError(`${file}: ${(error as Error).message}`, 2);
  }
}

/** Exit code 0 when isolated, else 1: the archive is written in either case. Throws CliError. */
export async function runEvidence(file: string, options: EvidenceOptions, version: string): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'kakuri-evidence-'));
  try {
    const gathered = await gather(join(directory, FOLDER), options);
    await write(directory, file, gathered, version);
    const { verdict, flows, hosts } = gathered.proof;
    if (options.json) console.log(JSON.stringify({ file, verdict, flows, hosts }));
    else console.log(`${file}: ${verdict}, ${flows} flows on ${hosts} hosts`);
    return verdict === 'isolated' ? 0 : 1;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

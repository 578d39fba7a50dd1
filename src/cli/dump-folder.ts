/** Saved dumps: a folder with `topology.yaml` and, for each host, the texts of ovs-ofctl and ovs-vsctl. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DumpReport } from '../controller/index.js';
import { TABLES } from '../pipeline/index.js';
import { DumpError, type DumpTexts, type HostDump, otherBridge, readDump } from '../verify/index.js';
import { CliError } from './errors.js';

export const TOPOLOGY_FILE = 'topology.yaml';
const FILES = ['flows', 'groups', 'meters', 'ports', 'interfaces'] as const;
/** Why a host may have flows that its dump does not show; absent where it has none. */
const HIDDEN_FILE = 'hidden.txt';

/** Names that Kakuri gives its tables, for dumps with names instead of numbers. */
const TABLE_NAMES = new Map(TABLES.map((table) => [table.id, table.name]));

/** Every text of a report by its dump's name; what could not be read is left out. */
export function textsOf({ hosts }: DumpReport): ReadonlyMap<string, DumpTexts> {
  const all = hosts.flatMap(({ host, texts, bridges = [] }) => [
    [host, texts] as const,
    ...bridges.map(({ bridge, texts: others }) => [otherBridge(host, bridge), others] as const),
  ]);
  return new Map(all.flatMap(([name, texts]) => (texts === undefined ? [] : [[name, texts] as const])));
}

async function writeHidden(folder: string, hidden: string | undefined): Promise<void> {
  const file = join(folder, HIDDEN_FILE);
  if (hidden !== undefined) await writeFile(file, `${hidden}\n`);
  else await rm(file, { force: true });
}

/** Writes what the controller has read. Throws CliError 2 where the folder cannot be written. */
export async function writeFolder(directory: string, report: DumpReport): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, TOPOLOGY_FILE), report.topology);
    for (const [name, texts] of textsOf(report)) {
      await mkdir(join(directory, name), { recursive: true });
      for (const file of FILES) await writeFile(join(directory, name, `${file}.txt`), texts[file]);
    }
    for (const { host, texts, hidden, bridges = [] } of report.hosts) {
      await writeHidden(join(directory, host), texts && hidden);
      for (const { bridge, texts: others, hidden: there } of bridges)
        await writeHidden(join(directory, otherBridge(host, bridge)), others && there);
    }
  } catch (error) {
    throw new CliError(`${directory}: ${(error as Error).message}`, 2);
  }
}

/** Why bridges of a folder may have flows that their dumps do not show, a sentence each. Throws CliError 2. */
export async function readHidden(directory: string): Promise<readonly string[]> {
  try {
    const names: string[] = [];
    for (const host of await foldersIn(directory)) {
      const bridges = await foldersIn(join(directory, host));
      names.push(host, ...bridges.map((bridge) => otherBridge(host, bridge)));
    }
    const all = names.map(async (name) => {
      const file = join(directory, name, HIDDEN_FILE);
      return existsSync(file) ? [`${name}: ${(await readFile(file, 'utf8')).trim()}`] : [];
    });
    return (await Promise.all(all)).flat();
  } catch (error) {
    throw new CliError(`${directory}: ${(error as Error).message}`, 2);
  }
}

/** Groups and meters may be absent: a bridge without any often has no such file. */
async function readTexts(directory: string): Promise<DumpTexts> {
  const read = (file: string, needed: boolean): Promise<string> => {
    const path = join(directory, `${file}.txt`);
    return needed || existsSync(path) ? readFile(path, 'utf8') : Promise.resolve('');
  };
  const [flows, groups, meters, ports, interfaces] = await Promise.all([
    read('flows', true),
    read('groups', false),
    read('meters', false),
    read('ports', true),
    read('interfaces', true),
  ]);
  return { flows, groups, meters, ports, interfaces };
}

/** The texts as dumps; every mistake of every host is told. Throws CliError 2. */
export function dumpsOf(texts: ReadonlyMap<string, DumpTexts>, directory = ''): readonly HostDump[] {
  const mistakes: string[] = [];
  const dumps: HostDump[] = [];
  for (const [host, given] of texts) {
    try {
      dumps.push(readDump(host, given, { tables: TABLE_NAMES, directory: join(directory, host, '/') }));
    } catch (error) {
      if (!(error instanceof DumpError)) throw error;
      mistakes.push(error.message);
    }
  }
  if (mistakes.length > 0) throw new CliError(mistakes.join('\n'), 2);
  return dumps;
}

async function foldersIn(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** Every host of a folder, and in its folder the host's other bridges. Throws CliError 2 where a file is missing or has a mistake. */
export async function readFolder(directory: string): Promise<readonly HostDump[]> {
  const texts = new Map<string, DumpTexts>();
  try {
    for (const host of await foldersIn(directory)) {
      texts.set(host, await readTexts(join(directory, host)));
      for (const bridge of await foldersIn(join(directory, host)))
        texts.set(otherBridge(host, bridge), await readTexts(join(directory, host, bridge)));
    }
  } catch (error) {
    throw new CliError(`${directory}: ${(error as Error).message}`, 2);
  }
  if (texts.size === 0) throw new CliError(`${directory}: no host's folder in it`, 2);
  return dumpsOf(texts, directory);
}

/** What two dumps of the same hosts differ in. Counters and the order of flows are no difference. */
import type { DumpGroup, DumpPort, HostDump } from './model.js';
import { flowText } from './text.js';

export interface DumpDifference {
  readonly host: string;
  /** Only in the first. */
  readonly removed: readonly string[];
  /** Only in the second. */
  readonly added: readonly string[];
}

type Contents = ReadonlyMap<string, string>;

/** Of a group of type all the order of buckets says nothing. */
const bucketsText = ({ type, buckets }: DumpGroup): string => {
  const texts = buckets.map((bucket) => bucket.join());
  return (type === 'all' ? texts.sort() : texts).join(';');
};
const groupText = (id: number, group: DumpGroup): string =>
  `group ${id}: ${group.type}, ${group.buckets.length} buckets`;
const portText = ({ ofport, name, type, ifaceId }: DumpPort): string =>
  `port ${ofport}: ${name}${type === '' ? '' : `, ${type}`}${ifaceId === undefined ? '' : `, iface-id ${ifaceId}`}`;

/** Everything of a host by what makes it what it is, with its text for people. */
function contents(dump: HostDump | undefined): Contents {
  const found = new Map<string, string>();
  if (dump === undefined) return found;
  for (const flow of dump.flows.numbers()) {
    const { table, priority, cookie, terms, code } = dump.flows.read(flow);
    found.set(`flow ${table} ${priority} ${cookie} ${terms.join()} ${code.join()}`, flowText(dump, flow));
  }
  for (const [id, group] of dump.groups)
    found.set(`group ${id} ${group.type} ${bucketsText(group)}`, groupText(id, group));
  for (const meter of dump.meters) found.set(`meter ${meter}`, `meter ${meter}`);
  for (const port of dump.ports.values())
    found.set(`port ${portText(port)} ${JSON.stringify(Object.entries(port.options).sort())}`, portText(port));
  return found;
}

/**
 * Everything of a host, a line each; what looks alike and is not, as the buckets of a group, is told apart by a number
 * made of it. `flows: false`: all but flows; `numbers: false`: without ports' numbers.
 */
export function contentLines(
  dump: HostDump | undefined,
  { flows = true, numbers = true }: { readonly flows?: boolean; readonly numbers?: boolean } = {},
): readonly string[] {
  return [...contents(dump)]
    .filter(([key]) => flows || !key.startsWith('flow '))
    .map(([key, text]) => (key.startsWith('group ') ? `${text}, ${digest(key)}` : text))
    .map((line) => (numbers ? line : line.replace(/^port \d+: /, 'port ')));
}

/** 32 bits of FNV-1a, in hex: enough to see that two texts differ. */
function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

const only = (a: Contents, b: Contents): string[] =>
  [...a]
    .filter(([key]) => !b.has(key))
    .map(([, text]) => text)
    .sort();

/** The hosts that differ, by name. A host of one side only differs in everything. */
export function diffDumps(before: readonly HostDump[], after: readonly HostDump[]): readonly DumpDifference[] {
  const [a, b] = [before, after].map((dumps) => new Map(dumps.map((dump) => [dump.host, dump])));
  const hosts = [...new Set([...(a?.keys() ?? []), ...(b?.keys() ?? [])])].sort();
  return hosts.flatMap((host) => {
    const [x, y] = [contents(a?.get(host)), contents(b?.get(host))];
    const removed = only(x, y);
    const added = only(y, x);
    return removed.length + added.length === 0 ? [] : [{ host, removed, added }];
  });
}

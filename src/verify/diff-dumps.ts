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
    found.set(`group ${id} ${group.type} ${group.buckets.map((b) => b.join()).join(';')}`, groupText(id, group));
  for (const meter of dump.meters) found.set(`meter ${meter}`, `meter ${meter}`);
  for (const port of dump.ports.values())
    found.set(`port ${portText(port)} ${JSON.stringify(Object.entries(port.options).sort())}`, portText(port));
  return found;
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

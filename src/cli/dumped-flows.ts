/** `kakuri flows --dumps`: the flows of saved dumps, explained as those of the running controller's hosts are. */
import { type FlowFilter, type FlowReport, namesOn } from '../controller/index.js';
import type { DesiredFlow } from '../desired/index.js';
import { isOurs, TABLES } from '../pipeline/index.js';
import { compileMatch, Explanation, factsOf, type HostDump, isOtherBridge, settle } from '../verify/index.js';
import { CliError } from './errors.js';
import { readHosts } from './run-verify.js';

const tableName = (id: number): string => TABLES.find((table) => table.id === id)?.name ?? String(id);

/** What makes it this flow: table, priority and match. */
const placeOf = (table: number, priority: number, terms: readonly number[]): string =>
  `${table} ${priority} ${terms.join()}`;

const wanted = (known: DesiredFlow | undefined, { tenant, network }: FlowFilter): boolean =>
  (tenant === undefined || known?.owner.tenant === tenant) &&
  (network === undefined || known?.owner.network === network || known?.owner.network?.split('/')[1] === network);

/** The number that the line has for a counter; 0 where the dump was made without. */
const counter = (line: string, name: string): number => Number(new RegExp(`\\b${name}=(\\d+)`).exec(line)?.[1] ?? 0);

function ownerOf(
  known: DesiredFlow | undefined,
  cookie: bigint,
): Pick<FlowReport, 'owner' | 'why' | 'tenant' | 'network' | 'port'> {
  if (known === undefined)
    return isOurs(cookie)
      ? { owner: 'kept', why: 'not what the topology asks for' }
      : { owner: 'foreign', why: 'not installed by Kakuri' };
  const { id, tenant, network, port } = known.owner;
  return {
    owner: id,
    why: known.why,
    ...(tenant === undefined ? {} : { tenant }),
    ...(network === undefined ? {} : { network }),
    ...(port === undefined ? {} : { port }),
  };
}

interface Asked {
  readonly dump: HostDump;
  readonly desired: readonly DesiredFlow[];
  readonly explanation: Explanation | undefined;
  readonly filter: FlowFilter;
}

function reportsOf({ dump, desired, explanation, filter }: Asked): readonly FlowReport[] {
  const { flows, host } = dump;
  const known = new Map(
    desired.map((flow) => [placeOf(flow.table_id, flow.priority, compileMatch(flow.match).terms), flow] as const),
  );
  const rows = [...flows.numbers()].map((flow) => {
    const { table, priority, terms, cookie } = flows.read(flow);
    const line = (dump.lines?.(flow) ?? '').trim();
    return { flow, table, priority, line, cookie, of: known.get(placeOf(table, priority, terms)) };
  });
  return rows
    .filter(({ of }) => wanted(of, filter))
    .sort((a, b) => a.table - b.table || b.priority - a.priority || (a.line < b.line ? -1 : 1))
    .map(({ flow, table, line, cookie, of }) => ({
      host,
      table: tableName(table),
      flow: line,
      ...ownerOf(of, cookie),
      packets: counter(line, 'n_packets'),
      bytes: counter(line, 'n_bytes'),
      ...(explanation === undefined ? {} : { without: explanation.without(flow) }),
    }));
}

/** The flows of the hosts and owners asked for, in table order. Throws CliError. */
export async function dumpedFlows(
  directory: string,
  filter: FlowFilter,
  state: string | undefined,
): Promise<readonly FlowReport[]> {
  const { topology, dumps: all } = await readHosts({
    dumps: directory,
    api: '',
    ...(state === undefined ? {} : { state }),
  });
  const dumps = all.filter((dump) => !isOtherBridge(dump));
  const asked = dumps.filter(({ host }) => filter.host === undefined || host === filter.host);
  if (asked.length === 0) throw new CliError(`${directory}: no dump of host ${filter.host}`, 2);
  const settled = settle(topology, new Map(dumps.map((dump) => [dump.host, factsOf(dump)])));
  return asked.flatMap((dump) =>
    reportsOf({
      dump,
      filter,
      desired: settled.of(dump.host).flows,
      explanation: filter.explain === true ? new Explanation(dump.flows, namesOn(settled.world, dump.host)) : undefined,
    }),
  );
}

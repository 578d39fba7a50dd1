/**
 * One host's dump from text: what `ovs-ofctl dump-flows` (or `ovs-appctl bridge/dump-flows`, which shows hidden flows
 * too), `dump-groups`, `dump-meters`, `dump-ports-desc` and `ovs-vsctl list Interface` print. Names of ports and tables
 * are understood where the caller, or ports.txt, has them. All mistakes of all files are told at once.
 */
import { type Action, type Match, type Names, parseActions, parseFlow, TextError } from 'ts-openflow';
import { dumpGroup } from './build.js';
import { compileFlow } from './compile.js';
import { DumpError, type DumpMistake } from './dump-error.js';
import { type DumpGroup, type DumpPort, FlowSet, type HostDump } from './model.js';
import { readInterfaces } from './read-interfaces.js';

/** The five files of a host. */
export interface DumpTexts {
  readonly flows: string;
  readonly groups: string;
  readonly meters: string;
  readonly ports: string;
  readonly interfaces: string;
}

export interface ReadOptions {
  /** Names of tables, where the dump has names instead of numbers. */
  readonly tables?: ReadonlyMap<number, string>;
  /** What stands before the files' names in mistakes; the host's name and a slash unless given. */
  readonly directory?: string;
}

const VERSION = 6;
const HEADING = /^\s*(\w+ reply|$)/;
const HIGHEST_PRIORITY = 65535;

/** Calls `each` for every line that is not a heading; mistakes are noted, and reading goes on. */
function eachLine(text: string, file: string, mistakes: DumpMistake[], each: (line: string) => void): void {
  text.split(/\r?\n/).forEach((line, i) => {
    if (HEADING.test(line)) return;
    try {
      each(line);
    } catch (error) {
      if (!(error instanceof TextError)) throw error;
      mistakes.push({ file, line: i + 1, column: error.column, message: error.expected });
    }
  });
}

/** A flow of a dump. Hidden flows have priorities above 65535, which no FLOW_MOD can have. */
function readFlow(line: string, names: Names): Parameters<typeof compileFlow>[0] {
  const priority = Number(/\bpriority=(\d+)/.exec(line)?.[1] ?? HIGHEST_PRIORITY / 2);
  // As many characters as before, so that columns stay right.
  const shown = priority > HIGHEST_PRIORITY ? line.replace(/\bpriority=(\d+)/, (all) => all.replace(/\d/g, '0')) : line;
  const flow = parseFlow(shown.replace(/\btable_id=/, 'table='), { version: VERSION, names });
  return {
    table_id: flow.table_id ?? 0,
    priority: priority > HIGHEST_PRIORITY ? priority : (flow.priority ?? 32768),
    cookie: flow.cookie ?? 0n,
    match: flow.match ?? {},
    instructions: flow.instructions ?? [],
  };
}

/** Buckets stand without the match that makes their actions possible: each kind of packet is tried. */
const MATCHES: readonly Match[] = [
  {},
  { eth_type: { value: 0x0800 }, ip_proto: { value: 6 } },
  { eth_type: { value: 0x0800 }, ip_proto: { value: 17 } },
  { eth_type: { value: 0x86dd }, ip_proto: { value: 6 } },
  { eth_type: { value: 0x0806 } },
  { vlan_vid: { value: 0x1000, mask: 0x1000 } },
];

function readActions(text: string, column: number, names: Names): readonly Action[] {
  let first: TextError | undefined;
  for (const match of MATCHES) {
    try {
      return parseActions(text, { version: VERSION, match, names });
    } catch (error) {
      if (!(error instanceof TextError)) throw error;
      first ??= new TextError(error.expected, error.column + column);
    }
  }
  throw first;
}

function readGroup(line: string, names: Names): readonly [number, DumpGroup] {
  const head = /^\s*group_id=(\d+),type=(\w+)/.exec(line);
  if (head === null) throw new TextError('group_id=NUMBER,type=TYPE expected', line.search(/\S/) + 1);
  const buckets: { actions: readonly Action[] }[] = [];
  for (const found of line.matchAll(/,\s*bucket=(.*?)(?=,\s*bucket=|$)/g)) {
    const body = found[1] as string;
    const at = /(^|,)actions=/.exec(body);
    if (at === null) throw new TextError('actions=… expected in a bucket', found.index + 2);
    const from = at.index + at[0].length;
    buckets.push({ actions: readActions(body.slice(from), found.index + found[0].length - body.length + from, names) });
  }
  const told = line.match(/\bbuckets?=/g)?.length ?? 0;
  if (told !== buckets.length)
    throw new TextError('buckets as `,bucket=…,actions=…` expected', line.indexOf('bucket') + 1);
  return [Number(head[1]), dumpGroup({ group_id: Number(head[1]), type: head[2] as string, buckets })];
}

/** Lines like ` 1(tap0): addr:…` and ` LOCAL(br-int): addr:…`; those below a port, indented deeper, say more about it. */
function readPorts(text: string, file: string, mistakes: DumpMistake[]): ReadonlyMap<number, string> {
  const ports = new Map<number, string>();
  eachLine(text, file, mistakes, (line) => {
    const found = /^ ?(\d+|LOCAL)\((.*?)\): addr:/.exec(line);
    if (found !== null) ports.set(found[1] === 'LOCAL' ? 0xfffffffe : Number(found[1]), found[2] as string);
    else if (!/^\s{2,}/.test(line)) throw new TextError('NUMBER(NAME): addr:… expected', line.search(/\S/) + 1);
  });
  return ports;
}

/** OFP_MAX_PORT_NAME_LEN − 1: longer names are cut in OFPMP_PORT_DESC. */
const SHOWN_NAME = 15;

/** The bridge's ports with their rows, and the rows of other bridges. */
function joinPorts(
  ports: ReadonlyMap<number, string>,
  interfaces: readonly DumpPort[],
): { readonly ports: ReadonlyMap<number, DumpPort>; readonly elsewhere: readonly DumpPort[] } {
  const rows = new Map(interfaces.map((row) => [`${row.ofport} ${row.name.slice(0, SHOWN_NAME)}`, row]));
  const elsewhere = new Set(interfaces);
  const joined = [...ports].map(([ofport, name]) => {
    const row = rows.get(`${ofport === 0xfffffffe ? 65534 : ofport} ${name}`);
    if (row !== undefined) elsewhere.delete(row);
    return [ofport, { ...(row ?? { name, type: '', options: {} }), ofport }] as const;
  });
  return { ports: new Map(joined), elsewhere: [...elsewhere] };
}

function readFlows(text: string, file: string, names: Names, mistakes: DumpMistake[]): readonly [FlowSet, string[]] {
  const flows = new FlowSet();
  const lines: string[] = [];
  eachLine(text, file, mistakes, (line) => {
    flows.add(compileFlow(readFlow(line, names)));
    lines.push(line);
  });
  flows.trim();
  return [flows, lines];
}

/** The dump of one host. Throws DumpError with every mistake. */
export function readDump(host: string, texts: DumpTexts, options: ReadOptions = {}): HostDump {
  const mistakes: DumpMistake[] = [];
  const at = (file: keyof DumpTexts): string => `${options.directory ?? `${host}/`}${file}.txt`;
  const ports = readPorts(texts.ports, at('ports'), mistakes);
  const names: Names = { ports, ...(options.tables === undefined ? {} : { tables: options.tables }) };
  const [flows, lines] = readFlows(texts.flows, at('flows'), names, mistakes);
  const groups = new Map<number, DumpGroup>();
  eachLine(texts.groups, at('groups'), mistakes, (line) => {
    const [id, group] = readGroup(line, names);
    groups.set(id, group);
  });
  const meters = new Set([...texts.meters.matchAll(/\bmeter=(\d+)/g)].map((found) => Number(found[1])));
  const interfaces = readInterfaces(texts.interfaces, at('interfaces'), mistakes);
  if (ports.size === 0 && lines.length > 0)
    mistakes.push({ file: at('ports'), line: 1, column: 1, message: 'no port: every bridge has LOCAL at least' });
  if (mistakes.length > 0) throw new DumpError(mistakes);
  return { host, flows, groups, meters, ...joinPorts(ports, interfaces), lines: (flow) => lines[flow] };
}

/** What the fake switch answers to multipart requests, entry by entry. */
import { OFPG, OFPM, OFPP, OFPTT } from '../constants.js';
import { matchBits } from './match-sets.js';
import { type Flow, refuse, type Tables, UNKNOWN_METER } from './tables.js';

/** A port of the fake switch. Without hw_addr it gets one from its number. */
export interface FakePort {
  readonly port_no: number;
  readonly name: string;
  readonly hw_addr?: bigint | number | undefined;
}

const MS = 1000;
const NS_PER_MS = 1_000_000;

/** Seconds and nanoseconds since a flow, group or meter came. */
export function age(
  flow: { readonly created: number },
  now: number,
): { readonly duration_sec: number; readonly duration_nsec: number } {
  const ms = Math.max(0, Math.floor(now - flow.created));
  return { duration_sec: Math.floor(ms / MS), duration_nsec: (ms % MS) * NS_PER_MS };
}

/** One entry of OFPMP_FLOW. */
export function flowEntry(flow: Flow, now: number): object {
  const { table_id, priority, idle_timeout, hard_timeout, flags, importance, cookie, match } = flow.mod;
  const head = { table_id, priority, idle_timeout, hard_timeout, flags, importance, cookie, match };
  return { ...head, ...age(flow, now), packet_count: 0n, byte_count: 0n, instructions: flow.instructions };
}

interface FlowRequest {
  readonly table_id: number;
  readonly match: Parameters<typeof matchBits>[0];
  readonly cookie: bigint;
  readonly cookie_mask: bigint;
  readonly out_port: number;
  readonly out_group: number;
}

const NONE = { packet_count: 0n, byte_count: 0n };

/** No packet moves here, so the counts of packets are 0; those of users are true. */
function groupStats(tables: Tables, wanted: number, now: number): object[] {
  return groupsOf(tables, wanted).map((group) => ({
    group_id: group.group_id,
    ref_count: tables.usersOf({ group: group.group_id }),
    ...NONE,
    ...age(group, now),
    buckets: group.buckets.map(() => NONE),
  }));
}

function meterStats(tables: Tables, wanted: number, now: number): object[] {
  return metersOf(tables, wanted).map((meter) => ({
    meter_id: meter.meter_id,
    flow_count: tables.usersOf({ meter: meter.meter_id }),
    packet_in_count: 0n,
    byte_in_count: 0n,
    ...age(meter, now),
    bands: meter.bands.map(() => NONE),
  }));
}

/** One group, or all. */
const groupsOf = (tables: Tables, wanted: number) =>
  [...tables.groups.values()].filter(({ group_id }) => wanted === OFPG.ALL || wanted === group_id);

const metersOf = (tables: Tables, wanted: number) =>
  [...tables.meters.values()].filter(({ meter_id }) => wanted === OFPM.ALL || wanted === meter_id);

/** Open vSwitch refuses a question about a meter that is not there, and answers one about such a group with nothing. */
function meterConfigs(tables: Tables, wanted: number): object[] {
  if (wanted !== OFPM.ALL && !tables.meters.has(wanted)) refuse(UNKNOWN_METER);
  return metersOf(tables, wanted);
}

function portStats(ports: readonly FakePort[], wanted: number): object[] {
  return ports.filter(({ port_no }) => wanted === OFPP.ANY || wanted === port_no).map(({ port_no }) => ({ port_no }));
}

/** The body of the whole reply: a list, or one value; undefined for a type that the fake does not know. */
export function replyBody(
  { type, body, version }: { readonly type: string; readonly body: unknown; readonly version: number },
  tables: Tables,
  ports: readonly FakePort[],
  now: number,
): readonly object[] | object | undefined {
  const flows = (): Flow[] => {
    const request = body as FlowRequest;
    return tables.select({ ...request, bits: matchBits(request.match) }).map(([, flow]) => flow);
  };
  switch (type) {
    case 'DESC':
      return { mfr_desc: 'ts-openflow', hw_desc: 'fake switch', sw_desc: '', serial_num: '', dp_desc: '' };
    case 'FLOW':
      return flows().map((flow) => flowEntry(flow, now));
    case 'AGGREGATE':
      return { packet_count: 0n, byte_count: 0n, flow_count: flows().length };
    case 'TABLE':
      return Array.from({ length: OFPTT.MAX }, (_, table_id) => ({
        table_id,
        active_count: [...tables.flows.values()].filter((flow) => flow.mod.table_id === table_id).length,
      }));
    case 'GROUP_DESC':
      return groupsOf(tables, (body as { group_id?: number } | undefined)?.group_id ?? OFPG.ALL);
    case 'METER_CONFIG':
      return meterConfigs(tables, (body as { meter_id?: number } | undefined)?.meter_id ?? OFPM.ALL);
    case 'GROUP':
      return groupStats(tables, (body as { group_id?: number }).group_id ?? OFPG.ALL, now);
    case 'METER':
      return meterStats(tables, (body as { meter_id?: number }).meter_id ?? OFPM.ALL, now);
    case 'PORT':
      return portStats(ports, (body as { port_no?: number }).port_no ?? OFPP.ANY);
    case 'TABLE_DESC':
      return version < 5 ? undefined : Array.from({ length: OFPTT.MAX }, (_, table_id) => ({ table_id, config: 0 }));
    case 'PORT_DESC': {
      const wanted = (body as { port_no?: number } | undefined)?.port_no ?? OFPP.ANY;
      const chosen = ports.filter((port) => wanted === OFPP.ANY || wanted === port.port_no);
      return chosen.map((port) => ({ hw_addr: 0x020000000000 + port.port_no, ...port }));
    }
    default:
      return undefined;
  }
}

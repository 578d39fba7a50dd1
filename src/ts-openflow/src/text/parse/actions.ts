/**
 * Actions and instructions from ovs-ofctl's text (ovs-actions(7)).
 *
 * Each action is checked against the match and the actions before it, as ovs-ofctl checks them: what would be
 * inconsistent is an error here, not a surprise from the switch.
 */
import type { Action } from '../../actions/types.js';
import { OFPP } from '../../constants.js';
import { TextError } from '../../errors.js';
import type { Instruction } from '../../instructions.js';
import type { Match } from '../../match.js';
import type { OpenFlowVersion } from '../../version.js';
import { type FlowFields, flowFieldsOf, flowTypes } from '../flow-fields.js';
import type { Names } from '../names.js';
import * as compound from './compound.js';
import { type Context, hasVlan, inconsistent, isMpls, setFlow } from './context.js';
import { parseDecap, parseEncap } from './encap.js';
import * as fields from './field-actions.js';
import { parseLearn } from './learn.js';
import { parseInteger, parseNumber, parsePort, parseTable, tryPort } from './numbers.js';
import { type Item, scan } from './scan.js';
import { type Nested, parseCt, parseNat } from './tracking.js';

type Parse = (cx: Context, item: Item) => void;

const bare =
  (action: Action): Parse =>
  (cx, item) => {
    if (item.value !== undefined && item.value !== '')
      throw new TextError(`${item.key} takes no argument`, item.valueColumn);
    cx.actions.push(action);
  };

function popVlan(cx: Context, item: Item): void {
  if (!hasVlan(cx)) throw inconsistent(item.key, item.column);
  cx.actions.push({ kind: 'pop_vlan' });
  const second = cx.flow.get('vlan_tci1');
  cx.flow.delete('vlan_tci1');
  if (second === undefined) cx.flow.delete('vlan_tci');
  else cx.flow.set('vlan_tci', second);
}

function pushVlan(cx: Context, item: Item): void {
  const ethertype = parseNumber(item.value ?? '', 16, item.valueColumn);
  if (ethertype !== 0x8100 && ethertype !== 0x88a8)
    throw new TextError(`push_vlan: 0x8100 or 0x88a8 expected`, item.valueColumn);
  cx.actions.push({ kind: 'push_vlan', ethertype });
  const outer = cx.flow.get('vlan_tci');
  if (outer !== undefined && hasVlan(cx)) cx.flow.set('vlan_tci1', outer);
  setFlow(cx, 'vlan_tci', 0x1000n, 16);
}

function pushMpls(cx: Context, item: Item): void {
  const ethertype = parseNumber(item.value ?? '', 16, item.valueColumn);
  if (ethertype !== 0x8847 && ethertype !== 0x8848)
    throw new TextError('push_mpls: 0x8847 or 0x8848 expected', item.valueColumn);
  cx.actions.push({ kind: 'push_mpls', ethertype });
  setFlow(cx, 'eth_type', BigInt(ethertype), 16);
}

function popMpls(cx: Context, item: Item): void {
  if (!isMpls(cx)) throw inconsistent('pop_mpls', item.column);
  const ethertype = parseNumber(item.value ?? '', 16, item.valueColumn);
  cx.actions.push({ kind: 'pop_mpls', ethertype });
  setFlow(cx, 'eth_type', BigInt(ethertype), 16);
}

function mpls(make: (value: number) => Action, bits: number): Parse {
  return (cx, item) => {
    if (!isMpls(cx)) throw inconsistent(item.key, item.column);
    cx.actions.push(make(parseNumber(item.value ?? '', bits, item.valueColumn)));
  };
}

function decMplsTtl(cx: Context, item: Item): void {
  if (!isMpls(cx)) throw inconsistent(item.key, item.column);
  cx.actions.push({ kind: 'dec_mpls_ttl' });
}

function decNshTtl(cx: Context, item: Item): void {
  if (cx.ofAnyPacket !== true && flowTypes(cx.flow).dlType !== 0x894f) throw inconsistent(item.key, item.column);
  cx.actions.push({ kind: 'dec_nsh_ttl' });
}

function enqueue(cx: Context, item: Item): void {
  const m = /^(.+)[:,](\w+)$/.exec(item.value ?? '');
  if (m === null) throw new TextError('enqueue:PORT:QUEUE expected', item.valueColumn);
  const queue_id = parseNumber(m[2] as string, 32, item.valueColumn);
  cx.actions.push(
    { kind: 'set_queue', queue_id },
    { kind: 'output', port: parsePort(m[1] as string, cx.names, item.valueColumn), max_len: 0xffff },
    { kind: 'pop_queue' },
  );
}

function setTunnel(cx: Context, item: Item): void {
  const wide = item.key === 'set_tunnel64';
  const tun_id = parseInteger(item.value ?? '', wide ? 64 : 32, item.valueColumn);
  cx.actions.push({ kind: 'set_field', field: 'tun_id', value: tun_id });
}

const nested: Nested = (cx, text, column, inside) => {
  const inner: Context = { ...cx, flow: inside === 'ct' ? cx.flow : new Map(cx.flow), inside, actions: [] };
  const items = scan(text, column);
  if (inside !== 'ct' && items.length === 1 && items[0]?.key === 'drop') return [];
  for (const item of items) parseAction(inner, item);
  return inner.actions;
};

function clone(cx: Context, item: Item): void {
  if (cx.inside === 'ct') throw new TextError('ct(exec(…)) may not clone', item.column);
  cx.actions.push({ kind: 'clone', actions: nested(cx, item.value ?? '', item.valueColumn - 1, undefined) });
}

const PORT_WORDS = {
  normal: OFPP.NORMAL,
  flood: OFPP.FLOOD,
  all: OFPP.ALL,
  local: OFPP.LOCAL,
  in_port: OFPP.IN_PORT,
  table: OFPP.TABLE,
} as const;

const ACTIONS: Readonly<Record<string, Parse>> = {
  output: compound.parseOutput,
  enqueue,
  controller: compound.parseController,
  group: (cx, item) =>
    cx.actions.push({ kind: 'group', group_id: parseNumber(item.value ?? '', 32, item.valueColumn) }),
  strip_vlan: popVlan,
  pop_vlan: popVlan,
  push_vlan: pushVlan,
  mod_vlan_vid: fields.parseVlan('vlan_vid', true),
  set_vlan_vid: fields.parseVlan('vlan_vid', false),
  mod_vlan_pcp: fields.parseVlan('vlan_pcp', true),
  set_vlan_pcp: fields.parseVlan('vlan_pcp', false),
  mod_dl_src: fields.parseMac('eth_src'),
  mod_dl_dst: fields.parseMac('eth_dst'),
  mod_nw_src: fields.parseIpv4('ip_src'),
  mod_nw_dst: fields.parseIpv4('ip_dst'),
  mod_nw_tos: fields.parseTos,
  mod_nw_ecn: fields.parseEcn,
  mod_nw_ttl: fields.parseTtl,
  mod_tp_src: fields.parseTransport('src'),
  mod_tp_dst: fields.parseTransport('dst'),
  set_mpls_label: mpls((value) => ({ kind: 'set_field', field: 'mpls_label', value }), 20),
  set_mpls_tc: mpls((value) => ({ kind: 'set_field', field: 'mpls_tc', value }), 3),
  set_mpls_ttl: mpls((mpls_ttl) => ({ kind: 'set_mpls_ttl', mpls_ttl }), 8),
  dec_mpls_ttl: decMplsTtl,
  push_mpls: pushMpls,
  pop_mpls: popMpls,
  set_queue: (cx, item) =>
    cx.actions.push({ kind: 'set_queue', queue_id: parseNumber(item.value ?? '', 32, item.valueColumn) }),
  pop_queue: bare({ kind: 'pop_queue' }),
  set_tunnel: setTunnel,
  set_tunnel64: setTunnel,
  set_field: fields.parseSetField,
  load: fields.parseLoad,
  move: fields.parseMove,
  push: fields.parseStack('push'),
  pop: fields.parseStack('pop'),
  learn: parseLearn,
  resubmit: compound.parseResubmit,
  note: compound.parseNote,
  exit: bare({ kind: 'exit' }),
  dec_ttl: compound.parseDecTtl,
  fin_timeout: compound.parseFinTimeout,
  conjunction: compound.parseConjunction,
  sample: compound.parseSample,
  multipath: compound.parseMultipath,
  bundle: compound.parseBundle(false),
  bundle_load: compound.parseBundle(true),
  nat: parseNat,
  ct: parseCt(nested),
  ct_clear: bare({ kind: 'ct_clear' }),
  clone,
  encap: parseEncap,
  decap: parseDecap,
  dec_nsh_ttl: decNshTtl,
  check_pkt_larger: compound.parseCheckPktLarger,
  delete_field: compound.parseDeleteField,
  debug_slow: bare({ kind: 'debug_slow' }),
  debug_recirc: bare({ kind: 'debug_recirc' }),
};

/** What ct(exec(…)) may hold (ovs-actions(7)). */
const IN_CT: readonly string[] = ['nat', 'set_field', 'load', 'move'];

function parseAction(cx: Context, item: Item): void {
  const key = item.key.toLowerCase();
  const parse = ACTIONS[key];
  if (cx.inside === 'ct' && !IN_CT.includes(key))
    throw new TextError(`${item.key} is not allowed inside ct`, item.column);
  if (cx.inside !== 'ct' && key === 'nat') throw new TextError('nat is allowed only inside ct', item.column);
  if (parse !== undefined) {
    parse(cx, item);
    return;
  }
  const word = PORT_WORDS[key as keyof typeof PORT_WORDS];
  const port: number | undefined = word ?? (item.value === undefined ? tryPort(item.key, cx.names) : undefined);
  if (port === undefined) throw new TextError(`unknown action "${item.key}"`, item.column);
  if (item.value !== undefined) throw new TextError(`${item.key} takes no argument`, item.valueColumn);
  cx.actions.push({ kind: 'output', port, max_len: port === OFPP.CONTROLLER ? 0xffff : 0 });
}

/** The order that instructions must be given in. */
const ORDER = ['meter', 'apply_actions', 'clear_actions', 'write_actions', 'write_metadata', 'goto_table'] as const;

interface Draft {
  readonly cx: Context;
  readonly instructions: Instruction[];
  last: number;
}

function parseInstruction(d: Draft, item: Item, table: number | undefined): boolean {
  const { cx } = d;
  const at = ORDER.indexOf(item.key as (typeof ORDER)[number]);
  if (at < 0 || (item.key === 'meter' && cx.version >= 6)) return false;
  if (at <= d.last && !(at === 1))
    throw new TextError(`instruction ${item.key} is given twice or out of order`, item.column);
  d.last = at;
  const value = item.value ?? '';
  if (item.key === 'goto_table') {
    const table_id = parseTable(value, cx.names, item.valueColumn);
    if (table !== undefined && table_id <= table)
      throw new TextError(`goto_table: a table after ${table} expected`, item.valueColumn);
    d.instructions.push({ kind: 'goto_table', table_id });
  } else if (item.key === 'write_metadata') {
    const [metadata = '', mask] = value.split('/');
    const m = mask === undefined ? 0xffffffffffffffffn : parseInteger(mask, 64, item.valueColumn);
    d.instructions.push({
      kind: 'write_metadata',
      metadata: parseInteger(metadata, 64, item.valueColumn),
      metadata_mask: m,
    });
  } else if (item.key === 'clear_actions') d.instructions.push({ kind: 'clear_actions' });
  else if (item.key === 'meter')
    d.instructions.push({ kind: 'meter', meter_id: parseNumber(value, 32, item.valueColumn) });
  else if (item.key === 'write_actions')
    d.instructions.push({ kind: 'write_actions', actions: nested(cx, value, item.valueColumn - 1, 'write_actions') });
  else return false;
  return true;
}

/** Instructions of a flow, from what stands after `actions=`. */
export function parseInstructions(
  text: string,
  o: {
    readonly version: OpenFlowVersion;
    readonly names?: Names | undefined;
    readonly flow: FlowFields;
    readonly table?: number | undefined;
    readonly column?: number;
  },
): readonly Instruction[] {
  const cx: Context = { version: o.version, names: o.names, flow: new Map(o.flow), inside: undefined, actions: [] };
  const d: Draft = { cx, instructions: [], last: -1 };
  const items = scan(text, o.column ?? 0);
  const drop = items.find((item) => item.key === 'drop' && item.value === undefined);
  if (drop !== undefined && items.length > 1)
    throw new TextError('"drop" must not be accompanied by any other action or instruction', drop.column);
  if (drop !== undefined) return [];
  for (const item of items) {
    if (parseInstruction(d, item, o.table)) continue;
    if (d.last > 1) throw new TextError(`${item.key}: actions after instructions`, item.column);
    if (item.key === 'meter' && cx.actions.length > 0)
      throw new TextError('meter must stand before other actions', item.column);
    if (item.key === 'meter')
      cx.actions.push({ kind: 'meter', meter_id: parseNumber(item.value ?? '', 32, item.valueColumn) });
    else parseAction(cx, item);
    d.last = Math.max(d.last, 1);
  }
  checkConjunction(cx, items);
  if (cx.actions.length === 0) return d.instructions;
  const meters = d.instructions.filter((i) => i.kind === 'meter');
  return [
    ...meters,
    { kind: 'apply_actions', actions: cx.actions },
    ...d.instructions.filter((i) => i.kind !== 'meter'),
  ];
}

function checkConjunction(cx: Context, items: readonly Item[]): void {
  const first = cx.actions.find((a) => a.kind === 'conjunction');
  const other = cx.actions.some((a) => a.kind !== 'conjunction' && a.kind !== 'note');
  if (first !== undefined && other)
    throw new TextError('conjunction may stand only with conjunction and note', items[0]?.column ?? 1);
}

/** Actions, as in `set_field:5->tun_id,output:2`, checked against a match. Throws TextError. */
export function parseActions(
  text: string,
  o: {
    readonly version: OpenFlowVersion;
    readonly match?: Match;
    readonly names?: Names;
    /** As in a group's buckets: not checked against any match. */
    readonly ofAnyPacket?: boolean;
  },
): readonly Action[] {
  const cx: Context = {
    version: o.version,
    names: o.names,
    flow: flowFieldsOf(o.match ?? {}),
    inside: undefined,
    actions: [],
    ofAnyPacket: o.ofAnyPacket,
  };
  const items = scan(text);
  if (items.length === 1 && items[0]?.key === 'drop') return [];
  for (const item of items) parseAction(cx, item);
  return cx.actions;
}

/**
 * One spelling for every match and every list of instructions, so that what a switch reads back can be compared with what
 * was sent. Open vSwitch 3.1.0 reads reg0 back as half of a masked packet register (xreg0), drops masks that are all ones
 * and fields whose mask is zero, orders matches its own way and drops an empty apply (tried; a test reads back every field
 * and action the pipeline emits).
 */
import { type Action, FIELDS, type FieldName, type Instruction, type Match, OFPP } from 'ts-openflow';

type Value = number | bigint;

const ones = (bits: number): bigint => (1n << BigInt(bits)) - 1n;
/** `vlan_vid` has a bit above the id that says that there is a tag (OFPVID_PRESENT, OpenFlow 1.5.1 clause 7.2.3.8). */
const bitsOf = (field: FieldName): number => (field === 'vlan_vid' ? 13 : FIELDS[field].bits);

/** Any field: what is masked out counts for nothing, and the 64-bit registers are their two 32-bit halves. */
function spellBits(field: FieldName, value: Value, mask: Value | undefined): readonly string[] {
  const bits = bitsOf(field);
  const all = ones(bits);
  const m = (mask === undefined ? all : BigInt(mask)) & all;
  const v = BigInt(value) & m;
  if (m === 0n) return [];
  const wide = /^xreg(\d+)$/.exec(field);
  if (wide) {
    const first = Number(wide[1]) * 2;
    return [
      ...spellBits(`reg${first}` as FieldName, v >> 32n, m >> 32n),
      ...spellBits(`reg${first + 1}` as FieldName, v & 0xffffffffn, m & 0xffffffffn),
    ];
  }
  return [m === all ? `${field}=${v.toString(16)}` : `${field}=${v.toString(16)}/${m.toString(16)}`];
}

/** By field, the first number that it has no room for; none of a 64-bit register is spelt as it is. */
const TOO_LARGE: Readonly<Record<string, number>> = Object.fromEntries(
  Object.keys(FIELDS).map((name) => [name, name.startsWith('xreg') ? 0 : 2 ** bitsOf(name as FieldName)]),
);

/** A number of so many bits, and all of them asked for, is its own spelling: most matches are such. */
const isPlain = (field: FieldName, value: Value, mask: Value | undefined): value is number =>
  mask === undefined && typeof value === 'number' && value < (TOO_LARGE[field] ?? 0);

/** A field written as `name=value/mask`, in hexadecimal. */
const spell = (field: FieldName, value: Value, mask: Value | undefined): string =>
  isPlain(field, value, mask) ? `${field}=${value.toString(16)}` : spellBits(field, value, mask).join(',');

/** The match as text: equal matches give equal texts, whatever order and masks they came with. */
export function canonicalMatch(match: Match): string {
  const parts: string[] = [];
  for (const name in match) {
    const masked = match[name as FieldName] as { value: Value; mask?: Value } | undefined;
    if (masked === undefined) continue;
    const { value, mask } = masked;
    if (isPlain(name as FieldName, value, mask)) parts.push(`${name}=${value.toString(16)}`);
    else parts.push(...spellBits(name as FieldName, value, mask));
  }
  return parts.sort().join();
}

/** `wire` and `header` tell in which of several spellings something came; they change nothing of what it does. */
const plain = (key: string, v: unknown): unknown =>
  key === 'wire' || key === 'header' ? undefined : typeof v === 'bigint' ? `0x${v.toString(16)}` : v;

/** The members in one order: a decoded value may have them in another than one made by hand. */
function spellMembers(value: object): string {
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  return JSON.stringify(Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))), plain);
}

const OFPP_IN_PORT_16 = 0xfffffff8;
const SAME_TABLE = 255;

/** An action with every member that has a default left out or filled in, so that both spellings are one. */
function canonicalAction(action: Action): string {
  switch (action.kind) {
    case 'set_field': {
      const { field, value, mask } = action as { field: FieldName; value: Value; mask?: Value };
      return `set ${spell(field, value, mask)}`;
    }
    case 'output':
      // max_len says how much of a packet the controller gets; for other ports it means nothing.
      return action.port === OFPP.CONTROLLER ? `controller ${action.max_len ?? 0}` : `output ${action.port}`;
    case 'resubmit':
      return `resubmit ${action.in_port ?? OFPP_IN_PORT_16} ${action.table ?? SAME_TABLE}`;
    case 'move': {
      const { src, dst } = action;
      return `move ${src.field}[${src.start}+${src.bits}] ${dst.field}[${dst.start}+${dst.bits}]`;
    }
    case 'bundle_load': {
      const { algorithm, fields, basis, members, dst } = action;
      return `bundle_load ${algorithm} ${fields} ${basis} ${members} ${dst?.field}[${dst?.start}+${dst?.bits}]`;
    }
    default:
      return spellMembers(action);
  }
}

/** A list of actions as text. */
export function canonicalActions(actions: readonly Action[]): string {
  let text = '';
  for (const action of actions) text = text === '' ? canonicalAction(action) : `${text};${canonicalAction(action)}`;
  return text;
}

/** Execution order of instructions (OpenFlow 1.5.1 clause 5.5): the order in which a switch may give them is its own. */
const ORDER = [
  'meter',
  'apply_actions',
  'clear_actions',
  'write_actions',
  'write_metadata',
  'stat_trigger',
  'goto_table',
];

/** OpenFlow 1.5 made the meter instruction an action (clause 7.2.6.14); here it is the instruction in every version. */
function withMeterInstruction(instruction: Instruction): readonly Instruction[] {
  if (instruction.kind !== 'apply_actions') return [instruction];
  const [first, ...rest] = instruction.actions ?? [];
  if (first?.kind !== 'meter') return [instruction];
  return [
    { kind: 'meter', meter_id: first.meter_id },
    { kind: 'apply_actions', actions: rest },
  ];
}

function canonicalInstruction(instruction: Instruction): string {
  switch (instruction.kind) {
    case 'apply_actions':
    case 'write_actions': {
      const { kind, actions = [] } = instruction;
      return actions.length === 0 && kind === 'apply_actions' ? '' : `${kind}(${canonicalActions(actions)})`;
    }
    case 'goto_table':
      return `goto ${instruction.table_id}`;
    case 'meter':
      return `meter ${instruction.meter_id}`;
    default:
      return spellMembers(instruction);
  }
}

const inOrder = (a: Instruction, b: Instruction): number => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind);

/** Instructions as text, in execution order, without an empty apply. */
export function canonicalInstructions(instructions: readonly Instruction[]): string {
  // Most come in order, and without a meter among the actions.
  let text = '';
  let place = 0;
  for (const instruction of instructions) {
    const at = ORDER.indexOf(instruction.kind);
    const metered = instruction.kind === 'apply_actions' && instruction.actions?.[0]?.kind === 'meter';
    if (at < place || metered) return sortedInstructions(instructions);
    place = at;
    const part = canonicalInstruction(instruction);
    if (part !== '') text = text === '' ? part : `${text}|${part}`;
  }
  return text;
}

function sortedInstructions(instructions: readonly Instruction[]): string {
  const parts: string[] = [];
  for (const instruction of instructions.flatMap(withMeterInstruction).sort(inOrder)) {
    const part = canonicalInstruction(instruction);
    if (part !== '') parts.push(part);
  }
  return parts.join('|');
}

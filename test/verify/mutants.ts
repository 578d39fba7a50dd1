/** Right tables made wrong in one place, as people and programs make them wrong. */
import type { Action, Instruction, Match } from 'ts-openflow';
import { FIELDS, type FieldName } from 'ts-openflow';
import type { OracleFlow, OracleGroup, OracleHost } from './oracle.js';
import type { Random } from './random.js';

export const KINDS = [
  'wrong key',
  'wrong output',
  'dropped match',
  'widened mask',
  'swapped priority',
  'wrong group bucket',
  'missing drop',
  'wrong load',
] as const;
export type Kind = (typeof KINDS)[number];

/** The flows before and after, for those who follow the change flow by flow. */
export interface Mutant {
  readonly kind: Kind;
  readonly host: OracleHost;
  readonly removed: readonly OracleFlow[];
  readonly added: readonly OracleFlow[];
  /** Groups changed as well. */
  readonly regrouped: boolean;
}

type Loose = Readonly<Record<string, { readonly value: number | bigint; readonly mask?: number | bigint } | undefined>>;
type SetField = Extract<Action, { kind: 'set_field' }>;

const actionsOf = (flow: OracleFlow): readonly Action[] =>
  flow.instructions.flatMap((i) => (i.kind === 'apply_actions' ? (i.actions ?? []) : []));

const withActions = (flow: OracleFlow, change: (action: Action) => Action): OracleFlow => ({
  ...flow,
  instructions: flow.instructions.map(
    (i): Instruction => (i.kind === 'apply_actions' ? { ...i, actions: (i.actions ?? []).map(change) } : i),
  ),
});

/** Other values that a field has anywhere on the host, in matches and actions. */
function valuesOf(host: OracleHost, field: string): (number | bigint)[] {
  const found = new Set<number | bigint>();
  for (const flow of host.flows) {
    const masked = (flow.match as unknown as Loose)[field];
    if (masked !== undefined) found.add(masked.value);
    for (const a of actionsOf(flow)) if (a.kind === 'set_field' && a.field === field) found.add(a.value);
  }
  return [...found];
}

const otherValue = (random: Random, host: OracleHost, action: SetField): SetField => {
  const values = valuesOf(host, action.field).filter((v) => v !== action.value);
  const one = typeof action.value === 'bigint' ? action.value + 1n : action.value + 1;
  return { ...action, value: values.length > 0 && random.chance(0.9) ? random.pick(values) : one };
};

/** One of these actions of the flow changed, the others as they are. */
function changeOne<A extends Action>(
  random: Random,
  flow: OracleFlow,
  is: (action: Action) => action is A,
  change: (action: A) => Action,
): OracleFlow {
  const chosen = random.pick(actionsOf(flow).filter(is));
  return withActions(flow, (action) => (action === chosen ? change(chosen) : action));
}

const isSet =
  (fields: RegExp) =>
  (a: Action): a is SetField =>
    a.kind === 'set_field' && fields.test(a.field);
const isOutput = (a: Action): a is Extract<Action, { kind: 'output' }> => a.kind === 'output';

/** Fields that need the one that is dropped. */
const NEEDS: Readonly<Record<string, RegExp>> = {
  eth_type: /^(ip|arp|nd|icmp|udp|tcp|nw)/,
  ip_proto: /^(icmp|udp|tcp|nd)/,
  icmpv6_type: /^(nd|icmpv6_code)/,
};

function dropMatch(random: Random, flow: OracleFlow): OracleFlow {
  const field = random.pick(Object.keys(flow.match));
  const needs = NEEDS[field];
  const rest = Object.entries(flow.match).filter(([name]) => name !== field && needs?.test(name) !== true);
  return { ...flow, match: Object.fromEntries(rest) as Match };
}

function widenMask(random: Random, flow: OracleFlow): OracleFlow {
  const maskable = Object.keys(flow.match).filter((name) => FIELDS[name as FieldName].maskable);
  if (maskable.length === 0) return flow;
  const field = random.pick(maskable);
  const { value, mask } = (flow.match as unknown as Loose)[field] as NonNullable<Loose[string]>;
  const bits = FIELDS[field as FieldName].bits + (field === 'vlan_vid' ? 1 : 0);
  let wide = BigInt(mask ?? (1n << BigInt(bits)) - 1n);
  for (let i = random.between(1, 4); i > 0; i--) wide &= ~(1n << BigInt(random.below(bits)));
  const as = (n: bigint): number | bigint => (typeof value === 'bigint' ? n : Number(n));
  return { ...flow, match: { ...flow.match, [field]: { value: as(BigInt(value) & wide), mask: as(wide) } } };
}

const replaced = (
  host: OracleHost,
  kind: Kind,
  pairs: readonly (readonly [OracleFlow, OracleFlow | undefined])[],
): Mutant => {
  const gone = new Map(pairs);
  const added = pairs.flatMap(([, flow]) => flow ?? []);
  const flows = host.flows.flatMap((flow) => (gone.has(flow) ? (gone.get(flow) ?? []) : [flow]));
  return { kind, host: { ...host, flows }, removed: pairs.map(([flow]) => flow), added, regrouped: false };
};

function wrongBucket(random: Random, host: OracleHost): Mutant | undefined {
  const groups = host.groups.filter((g) => g.buckets.length > 0);
  if (groups.length === 0) return undefined;
  const group = random.pick(groups);
  const bucket = random.pick(group.buckets);
  const others = host.groups.flatMap((g) => (g === group ? [] : g.buckets));
  const output = { kind: 'output', port: random.pick(host.ports).ofport } as const;
  const sets = bucket.actions.filter(isSet(/./));
  const changed =
    others.length > 0 && random.chance(0.4)
      ? random.pick(others)
      : random.chance(0.5) || sets.length === 0
        ? { actions: bucket.actions.map((a) => (a.kind === 'output' ? output : a)) }
        : { actions: bucket.actions.map((a) => (a === sets[0] ? otherValue(random, host, sets[0]) : a)) };
  const buckets = group.buckets.map((b) => (b === bucket ? changed : b));
  const all = host.groups.map((g): OracleGroup => (g === group ? { ...group, buckets } : g));
  return { kind: 'wrong group bucket', host: { ...host, groups: all }, removed: [], added: [], regrouped: true };
}

const having = (host: OracleHost, is: (a: Action) => boolean): readonly OracleFlow[] =>
  host.flows.filter((flow) => actionsOf(flow).some(is));

function changed(
  random: Random,
  host: OracleHost,
  kind: Kind,
  from: readonly OracleFlow[],
  change: (flow: OracleFlow) => OracleFlow,
): Mutant | undefined {
  if (from.length === 0) return undefined;
  const flow = random.pick(from);
  return replaced(host, kind, [[flow, change(flow)]]);
}

/** One mutant of that kind; undefined where the host has nothing to make wrong so. */
export function mutate(random: Random, host: OracleHost, kind: Kind): Mutant | undefined {
  const matching = host.flows.filter((f) => Object.keys(f.match).length > 0 && f.instructions.length > 0);
  switch (kind) {
    case 'wrong key': {
      const keys = isSet(/^(tun_id|reg0)$/);
      return changed(random, host, kind, having(host, keys), (f) =>
        changeOne(random, f, keys, (a) => otherValue(random, host, a)),
      );
    }
    case 'wrong load': {
      const loads = isSet(/^(reg\d+|metadata|tun_dst|tun_ipv6_dst)$/);
      return changed(random, host, kind, having(host, loads), (f) =>
        changeOne(random, f, loads, (a) => otherValue(random, host, a)),
      );
    }
    case 'wrong output':
      return changed(random, host, kind, having(host, isOutput), (f) =>
        changeOne(random, f, isOutput, () => ({ kind: 'output', port: random.pick(host.ports).ofport })),
      );
    case 'dropped match':
      return changed(random, host, kind, matching, (f) => dropMatch(random, f));
    case 'widened mask':
      return changed(random, host, kind, matching, (f) => widenMask(random, f));
    case 'missing drop': {
      const drops = host.flows.filter((f) => f.instructions.length === 0);
      return drops.length === 0 ? undefined : replaced(host, kind, [[random.pick(drops), undefined]]);
    }
    case 'swapped priority': {
      const a = random.pick(host.flows);
      const others = host.flows.filter((f) => f.table_id === a.table_id && f.priority !== a.priority);
      if (others.length === 0) return undefined;
      const b = random.pick(others);
      return replaced(host, kind, [
        [a, { ...a, priority: b.priority }],
        [b, { ...b, priority: a.priority }],
      ]);
    }
    case 'wrong group bucket':
      return wrongBucket(random, host);
  }
}

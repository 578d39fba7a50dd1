/**
 * `run --verify enforce`: a plan is proved before it is sent. What the host would hold with it (its tables as they are,
 * foreign flows included, and the plan) is proved by the same proof as `kakuri verify`; a leak that is not there already
 * is a refusal, in the words and by the machinery of a switch's own refusals: the port that would leak is left out, with
 * all that is for it, and everything else is sent, proved again.
 *
 * A leak that is there already, as by somebody's own flow, refuses nothing: the plan may be what mends it. What cannot
 * be told ("unproven") refuses nothing either; `kakuri verify` says it.
 */
import type { Owner } from '../desired/index.js';
import { type ActualState, applied, type FlowPlan } from '../diff/index.js';
import type { HostLink, Refusal, SendResult } from '../session/index.js';
import {
  type DumpPort,
  HostProof,
  hostDump,
  hostView,
  kakuriSpec,
  type LeakReport,
  reportLeak,
} from '../verify/index.js';
import type { State } from './state.js';

/** OFPP_LOCAL (OpenFlow 1.5.1 clause 7.2.3.1). */
const LOCAL: DumpPort = { ofport: 0xfffffffe, name: 'br-int', type: 'internal', options: {} };

/** The ports of a host's bridge, as its facts have them. */
function portsOf({ world, bound }: State, host: string): readonly DumpPort[] {
  const facts = world.facts.get(host);
  const intents = new Map(bound.index.tunnels(host).map((tunnel) => [tunnel.name, tunnel]));
  const tunnels = (facts?.tunnels ?? []).map(({ name, ofport }): DumpPort => {
    const intent = intents.get(name);
    return { ofport, name, type: intent?.type ?? '', options: intent?.options ?? {} };
  });
  const interfaces = (facts?.interfaces ?? []).flatMap(({ name, ofport, ifaceId, inactive }): readonly DumpPort[] =>
    ofport === undefined
      ? []
      : [{ ofport, name, type: '', options: {}, ...(ifaceId === undefined || inactive ? {} : { ifaceId }) }],
  );
  return [LOCAL, ...tunnels, ...interfaces];
}

const emptyDump = (state: State, host: string) => hostDump({ host, flows: [], ports: portsOf(state, host) });

/** The leaks of a host that holds this. */
function leaksOf(state: State, host: string, tables: ActualState): readonly LeakReport[] {
  const dump = hostDump({
    host,
    flows: tables.flows.values(),
    groups: tables.groups.values(),
    meters: tables.meters.keys(),
    ports: portsOf(state, host),
  });
  const spec = kakuriSpec(
    state.world.topology,
    [...state.world.facts.keys()].map((name) => emptyDump(state, name)),
  );
  const view = hostView(dump, spec);
  return new HostProof(view).result.leaks.map((leak) => reportLeak(new Map([[host, view]]), leak));
}

const sameLeak = (leak: LeakReport): string => `${leak.goal} ${leak.from} ${leak.to}`;

/** Whose port the leak begins or ends at, so that it can be left out. */
function ownerOf({ bound }: State, { from, to }: LeakReport): Pick<Owner, 'network' | 'port'> {
  for (const path of [from, to]) {
    const placed = bound.index.ports.get(path);
    if (placed !== undefined) return { network: placed.network.path, port: placed.port.name };
  }
  return {};
}

const refusalOf = (state: State, leak: LeakReport): Refusal => ({
  about: `the proof (${leak.goal})`,
  error: `${leak.from} would reach ${leak.to}: ${leak.reason}; packet ${leak.packet}`,
  owner: { id: `leak from ${leak.from}`, cookie: 0n, ...ownerOf(state, leak) },
});

/** Why the plan is not sent; nothing where it may be. */
function refusals(state: State, host: string, plan: FlowPlan, tables: ActualState): readonly Refusal[] {
  const leaks = leaksOf(state, host, applied(tables, plan));
  if (leaks.length === 0) return [];
  const present = new Set(leaksOf(state, host, tables).map(sameLeak));
  return leaks.filter((leak) => !present.has(sameLeak(leak))).map((leak) => refusalOf(state, leak));
}

/** Sends a plan to a host whose tables are known. */
export type Send = (plan: FlowPlan, tables: ActualState) => Promise<SendResult>;

export const sendAtOnce =
  (link: HostLink): Send =>
  (plan) =>
    link.send(plan);

export const sendProved =
  (link: HostLink, state: State): Send =>
  async (plan, tables) => {
    const refused = refusals(state, link.name, plan, tables);
    return refused.length > 0 ? { committed: false, refusals: refused } : link.send(plan);
  };

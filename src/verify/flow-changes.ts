/**
 * What the tables of one host now and then differ in: flows that come, go, or do something else in the same place (table,
 * priority, match), with names of ports, for the number of a port that is yet to be made is not known.
 */
import { formatFlow, type Names, parseFlow } from 'ts-openflow';
import type { HostDump } from './model.js';
import { flowText } from './text.js';

export interface FlowChange {
  /** Its number in the dump that has it: of `removed` the earlier one, else the later. */
  readonly flow: number;
  readonly text: string;
}

export interface FlowChanges {
  readonly added: readonly FlowChange[];
  readonly removed: readonly FlowChange[];
  /** `was`: the flow's text before. */
  readonly modified: readonly (FlowChange & { readonly was: string })[];
}

interface Placed {
  readonly flow: number;
  readonly content: string;
}

function placesOf(dump: HostDump | undefined): ReadonlyMap<string, Placed> {
  const places = new Map<string, Placed>();
  if (dump === undefined) return places;
  for (const flow of dump.flows.numbers()) {
    const { table, priority, terms, cookie, code } = dump.flows.read(flow);
    places.set(`${table} ${priority} ${terms.join()}`, { flow, content: `${cookie} ${code.join()}` });
  }
  return places;
}

const VERSION = 6;

/** `ovs-ofctl --names --no-stats dump-flows`, without the cookie. */
function named(dump: HostDump, flow: number): string {
  const text = flowText(dump, flow);
  const names: Names = { ports: new Map([...dump.ports.values()].map(({ ofport, name }) => [ofport, name])) };
  const { table_id = 0, priority, match, instructions } = parseFlow(text, { version: VERSION, names });
  return `table=${table_id}, ${formatFlow({ priority, match, instructions }, names)}`;
}

/** `now` is undefined where there was no host, `then` where there will be none. */
export function flowChanges(now: HostDump | undefined, then: HostDump | undefined): FlowChanges {
  const [before, after] = [placesOf(now), placesOf(then)];
  const added: FlowChange[] = [];
  const modified: (FlowChange & { was: string })[] = [];
  const removed: FlowChange[] = [];
  for (const [place, { flow, content }] of after) {
    const was = before.get(place);
    if (then === undefined || was?.content === content) continue;
    const text = named(then, flow);
    if (was === undefined || now === undefined) added.push({ flow, text });
    else modified.push({ flow, text, was: named(now, was.flow) });
  }
  for (const [place, { flow }] of before)
    if (now !== undefined && !after.has(place)) removed.push({ flow, text: named(now, flow) });
  return { added, removed, modified };
}

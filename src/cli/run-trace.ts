/** What `kakuri trace` does: the hosts' dumps, live or saved, one packet through them, and its way told. */

import { TABLES } from '../pipeline/index.js';
import { hostView, kakuriReasons, kakuriSpec, type Trace, tracePacket } from '../verify/index.js';
import { type Confirmation, confirmTrace } from './confirm-trace.js';
import { CliError } from './errors.js';
import { readHosts, type VerifyOptions } from './run-verify.js';
import { type PacketOptions, packetFor, portNamed } from './trace-packet.js';

export interface TraceOptions extends PacketOptions, Omit<VerifyOptions, 'tenants'> {
  readonly confirm?: boolean;
}

export interface Traced extends Trace {
  readonly from: string;
  readonly confirmations?: readonly Confirmation[];
}

/** Reads and follows. Throws CliError. */
export async function trace(from: string, to: string | undefined, options: TraceOptions): Promise<Traced> {
  const { topology, dumps } = await readHosts(options);
  const placed = portNamed(topology, from);
  const spec = kakuriSpec(topology, dumps);
  const views = new Map(dumps.map((dump) => [dump.host, hostView(dump, spec)]));
  const places = dumps.flatMap((dump) =>
    [...dump.ports.values()]
      .filter(({ ifaceId }) => ifaceId === placed.port.ifaceId)
      .map(({ ofport }) => ({ host: dump.host, ofport })),
  );
  const [place] = places;
  if (place === undefined) throw new CliError(`${placed.port.path} is plugged in on no host: it sends nothing`, 1);
  const words = packetFor(topology, placed, to, options);
  const found = tracePacket(views, place.host, place.ofport, words, kakuriReasons(topology, dumps));
  return {
    from: placed.port.path,
    ...found,
    ...(options.confirm === true ? { confirmations: confirmTrace(topology, found) } : {}),
  };
}

const tableName = (id: number): string => TABLES.find((table) => table.id === id)?.name ?? `table ${id}`;

/** A trace as a person reads it. */
export function traceText({ hops, ends, caveats, confirmations }: Traced): string {
  const lines: string[] = [];
  for (const [i, hop] of hops.entries()) {
    lines.push(`${i === 0 ? '' : '\n'}on ${hop.host}, from ${hop.from}`, `  packet: ${hop.packet}`);
    hop.ways.forEach(({ path, fate }, way) => {
      if (hop.ways.length > 1) lines.push(`  way ${way + 1}:`);
      for (const { table, flow, why, packets } of path)
        lines.push(
          `    ${tableName(table)}: ${flow.replace(/^table=\d+,\s*/, '')}`,
          `        ${why}${packets === undefined ? '' : ` (${packets} packets so far)`}`,
        );
      lines.push(`    → ${fate}`);
    });
    const confirmed = confirmations?.[i];
    if (confirmed !== undefined) lines.push(`    ${confirmed.note}`);
  }
  lines.push('', ...[...new Set(ends.map(({ text }) => text))]);
  return [...lines, ...caveats.map((caveat) => `not certain: ${caveat}`)].join('\n');
}

/** Exit code 0 when a copy is delivered and no switch disagrees, else 1. */
export async function runTrace(from: string, to: string | undefined, options: TraceOptions): Promise<number> {
  const traced = await trace(from, to, options);
  console.log(options.json ? JSON.stringify(traced) : traceText(traced));
  const denied = traced.confirmations?.some(({ agrees }) => agrees === false) === true;
  return traced.ends.some(({ kind }) => kind === 'delivered') && !denied ? 0 : 1;
}

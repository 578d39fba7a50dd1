/** `ofproto/trace` beside the interpreter: by which ports a packet leaves, as ovs-vswitchd itself says. */
import { emptyPacket, type HostDump, interpret, packetText, writeField } from '../../src/verify/index.js';
import type { Packet } from '../verify/oracle.js';

/** A packet of the oracle as words. */
export function wordsOf(packet: Packet): Int32Array {
  const words = emptyPacket();
  for (const [field, value] of Object.entries(packet)) writeField(words, field, value);
  return words;
}

/** The ports in the text of a trace, sorted; an output that the switch skips is none. */
export function tracedPorts(text: string): readonly string[] {
  const lines = text.split('\n');
  return lines
    .flatMap((line, i) => {
      const port = /^\s+(?:output:)?(LOCAL|(?<=output:)\S+)$/.exec(line)?.[1];
      return port === undefined || /skipping output to input port/.test(lines[i + 1] ?? '') ? [] : [port];
    })
    .sort();
}

/** The same by the interpreter, and the packet as the trace takes it. */
export function interpreted(
  dump: HostDump,
  packet: Packet,
): { readonly flow: string; readonly ports: readonly string[] } {
  const words = wordsOf(packet);
  const { outputs } = interpret(dump, words);
  const known = outputs.filter(({ port }) => dump.ports.has(port));
  return { flow: packetText(words), ports: known.map(({ port }) => String(port)).sort() };
}

/**
 * What opens one port, as octets made before the port is there. All that is not known beforehand is the number that the
 * switch will give it, and a message with another number differs from this one in that number only: in registers, in
 * in_port and outputs, and in the numbers of its meters, which are a constant above it (pipeline/meters.ts). So the messages
 * are encoded for two numbers; where the octets differ the number is. A third number, encoded in full, must give the same as
 * filling those places in, or nothing is prepared. Pure.
 */
import { encodeMessage, type OpenFlowVersion } from 'ts-openflow';
import type { DesiredFlow, FlowsOf } from '../desired/index.js';
import { type Meter, portMeters } from '../pipeline/index.js';
import type { Network, Port } from '../topology/index.js';
import type { FlowPlan } from './diff.js';
import { type OpeningMessages, openingMessages } from './messages.js';

/** Numbers that differ in each of their octets, and go on differing with a meter's constant above them. */
const [ONE, OTHER, THIRD] = [0x1122, 0x3344, 0x5566] as const;

/** A port's own flows and meters, as if it had this number. */
export interface PortOpening {
  readonly flows: readonly DesiredFlow[];
  readonly meters: readonly Meter[];
}

/** What opens one port, once its number is known. */
export interface PreparedPort {
  readonly network: Network;
  readonly port: Port;
  readonly version: OpenFlowVersion;
  /** Octets of each message, in order; their xid is to be set. */
  messagesFor(ofport: number): readonly Buffer[];
  /** The same as values. */
  openingFor(ofport: number): PortOpening;
}

const planOf = ({ flows, meters }: PortOpening): FlowPlan => ({
  add: flows,
  modify: [],
  remove: [],
  groups: [],
  removeGroups: [],
  addMeters: meters,
  modifyMeters: [],
  removeMeters: [],
});

/** The messages of an opening in their order, and what takes them back; undefined where they are too many for one turn. */
export const messagesOf = (opening: PortOpening, version: OpenFlowVersion): OpeningMessages | undefined =>
  openingMessages(planOf(opening), version);

/** Where in the octets the number is: offsets of 32-bit words, and what each has above the number. */
interface Slot {
  readonly at: number;
  readonly above: number;
}

/** The places of the number; undefined where the octets differ in anything else. */
function slotsOf(one: Buffer, other: Buffer): readonly Slot[] | undefined {
  if (one.length !== other.length) return undefined;
  const slots: Slot[] = [];
  for (let i = 0; i < one.length; i += 1) {
    if (one[i] === other[i]) continue;
    // The first of the number's two octets: the word ends with the second.
    const at = i - 2;
    if (at < 0 || at + 4 > one.length) return undefined;
    const above = one.readUInt32BE(at) - ONE;
    if (above < 0 || other.readUInt32BE(at) - OTHER !== above) return undefined;
    slots.push({ at, above });
    i += 1;
  }
  return slots;
}

function filledIn(octets: Buffer, slots: readonly Slot[], ofport: number): Buffer {
  const copy = Buffer.from(octets);
  for (const { at, above } of slots) copy.writeUInt32BE(above + ofport, at);
  return copy;
}

/** Prepares what opens a port; undefined where that cannot be prepared. */
export function preparePort(
  flowsOf: FlowsOf,
  network: Network,
  port: Port,
  version: OpenFlowVersion,
): PreparedPort | undefined {
  const openingFor = (ofport: number): PortOpening => {
    const object = { network, port, ofport };
    return { flows: flowsOf('port', object), meters: portMeters(object) };
  };
  const encoded = (ofport: number): readonly Buffer[] =>
    (messagesOf(openingFor(ofport), version)?.messages ?? []).map(({ message }) => encodeMessage(message, version));
  const one = encoded(ONE);
  const octets = Buffer.concat(one);
  const slots = slotsOf(octets, Buffer.concat(encoded(OTHER)));
  if (one.length === 0 || slots === undefined) return undefined;
  if (!filledIn(octets, slots, THIRD).equals(Buffer.concat(encoded(THIRD)))) return undefined;
  const ends: number[] = [];
  for (const message of one) ends.push((ends.at(-1) ?? 0) + message.length);
  return {
    network,
    port,
    version,
    openingFor,
    messagesFor: (ofport) => {
      const all = filledIn(octets, slots, ofport);
      return ends.map((end, i) => all.subarray(ends[i - 1] ?? 0, end));
    },
  };
}

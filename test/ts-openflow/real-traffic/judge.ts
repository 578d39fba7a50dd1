/**
 * Every ovs-ofctl command family against a real ovs-vswitchd in OpenFlow 1.3, 1.4 and 1.5, recorded by a relay: every
 * message of both directions decodes, encodes to the same octets, and prints as ovs-ofctl prints it.
 */
import { expect } from 'chai';
import { decodeMessage, encodeMessage, formatMessage, type Message, messageName } from 'ts-openflow';
import { type Recorded, record, textOf } from './recording.js';

/** The text with its number of blanks at the xid and at line ends made one. */
function norm(text: string): string {
  return text
    .replace(/[ \t]*\(xid=(0x[0-9a-f]+)\):[ \t]*/gi, (_, xid: string) => ` (xid=${xid.toLowerCase()}): `)
    .replace(/[ \t]+$/gm, '')
    .trim();
}

/** The name of what a message carries, multiparts apart: OFPT_FLOW_MOD, MultipartReply/PORT_STATS. */
const nameOf = (m: Message): string =>
  m.kind === 'MultipartRequest' || m.kind === 'MultipartReply' ? `${m.kind}/${m.type}` : messageName(m.kind, m.version);

interface Failure {
  readonly why: string;
  readonly command: string;
  readonly octets: string;
  readonly got?: string;
  readonly want?: string;
}

function judge({ octets, command }: Recorded, want: string, counts: Map<string, number>): Failure[] {
  const hex = octets.toString('hex');
  try {
    const message = decodeMessage(octets);
    const name = nameOf(message);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    const again = encodeMessage(message, message.version).toString('hex');
    if (again !== hex) return [{ why: `${name} encodes otherwise`, command, octets: hex, got: again }];
    const got = norm(formatMessage(message));
    return got === norm(want) ? [] : [{ why: `${name} prints otherwise`, command, octets: hex, got, want: norm(want) }];
  } catch (error) {
    return [{ why: String(error), command, octets: hex, want }];
  }
}

/** How many of what each version must at least have, so that an empty recording does not pass. */
const LEAST: Readonly<Record<string, number>> = {
  OFPT_HELLO: 50,
  OFPT_FLOW_MOD: 100,
  OFPT_GROUP_MOD: 6,
  OFPT_METER_MOD: 4,
  OFPT_PORT_MOD: 4,
  OFPT_PACKET_OUT: 2,
  OFPT_PACKET_IN: 1,
  OFPT_ERROR: 2,
  OFPT_ECHO_REPLY: 1,
  OFPT_BARRIER_REPLY: 1,
  NXT_PACKET_IN: 1,
  NXT_PACKET_IN2: 2,
  NXT_CT_FLUSH: 2,
  NXT_TLV_TABLE_MOD: 2,
  'MultipartReply/FLOW': 5,
  'MultipartReply/AGGREGATE': 2,
  'MultipartReply/TABLE_FEATURES': 10,
  'MultipartReply/GROUP_DESC': 1,
  'MultipartReply/METER_FEATURES': 1,
  'MultipartReply/PORT_DESC': 10,
};

/** The test of one version: 13, 14 or 15. */
export function declareRealTraffic(version: 13 | 14 | 15): void {
  it(`of every ovs-ofctl command in OpenFlow 1.${version - 10}`, async () => {
    const recorded = await record(version);
    const texts = await textOf(recorded.map((one) => one.octets));
    const counts = new Map<string, number>();
    const failures = recorded.flatMap((one, i) => judge(one, texts[i] as string, counts));
    expect(failures.slice(0, 20), `${failures.length} of ${recorded.length}`).to.deep.equal([]);
    expect(recorded.length).to.be.at.least(2000);
    for (const [name, least] of Object.entries(LEAST)) expect(counts.get(name) ?? 0, name).to.be.at.least(least);
  }).timeout(120_000);
}

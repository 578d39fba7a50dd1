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
  /** Its name, when the octets are right and only the text differs. */
  readonly text?: string;
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
    return got === norm(want)
      ? []
      : [{ why: 'prints otherwise', text: name, command, octets: hex, got, want: norm(want) }];
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

/** Whose text is not yet ovs-ofctl's in every case, with what differs. Their octets are exact all the same. */
const OTHER_TEXT: Readonly<Record<string, string>> = {
  'MultipartReply/PORT_DESC': 'LOCAL is printed last',
  'MultipartReply/TABLE_FEATURES': 'how far a "ditto" reaches; a zero command of 1.5',
  'MultipartReply/PORT': 'custom statistics of 1.4 on',
  'MultipartReply/QUEUE_DESC': 'the port, which ovs-ofctl prints once at the head',
  'MultipartReply/GROUP_DESC': 'masks in fields(...)',
  'MultipartReply/NX_IPFIX_BRIDGE': 'octets instead of words',
  'MultipartReply/NX_IPFIX_FLOW': 'octets instead of words',
  'MultipartReply/ONF_FLOW_MONITOR': 'the numbering of events, priority 0 and 32768',
  'MultipartReply/FLOW_MONITOR': 'the priority, which ovs-ofctl leaves out',
  'MultipartRequest/FLOW_MONITOR': 'the command, which ovs-ofctl leaves out',
  'MultipartRequest/PORT': 'port_no=',
  'MultipartRequest/GROUP_DESC': 'group_id=ALL',
  ONFT_BUNDLE_CONTROL: 'bundle_id=0 without 0x',
  ONFT_BUNDLE_ADD_MESSAGE: 'bundle_id=0 without 0x',
  OFPT_BUNDLE_CONTROL: 'bundle_id=0 without 0x',
  OFPT_BUNDLE_ADD_MESSAGE: 'bundle_id=0 without 0x',
  OFPT_TABLE_MOD: 'vacancy=off',
  OFPT_GROUP_MOD: 'group ALL as a number when deleted; masks in fields(...)',
  NXT_PACKET_IN2: 'the continuation',
};

describe('real traffic', () => {
  const stillOther = new Set<string>();
  for (const version of [13, 14, 15] as const) {
    it(`of every ovs-ofctl command in OpenFlow 1.${version - 10}`, async () => {
      const recorded = await record(version);
      const texts = await textOf(recorded.map((one) => one.octets));
      const counts = new Map<string, number>();
      const failures = recorded.flatMap((one, i) => judge(one, texts[i] as string, counts));
      expect(failures.filter(({ text }) => text === undefined).slice(0, 20), 'octets').to.deep.equal([]);
      const otherwise = failures.flatMap(({ text }) => text ?? []);
      const unexpected = failures.filter(({ text }) => text !== undefined && !(text in OTHER_TEXT));
      expect(unexpected.slice(0, 20), `${failures.length} of ${recorded.length}`).to.deep.equal([]);
      for (const name of otherwise) stillOther.add(name);
      expect(recorded.length).to.be.at.least(2000);
      for (const [name, least] of Object.entries(LEAST)) expect(counts.get(name) ?? 0, name).to.be.at.least(least);
    }).timeout(120_000);
  }

  it('prints all else as ovs-ofctl does: no exception is listed that is none', () => {
    expect([...stillOther].sort()).to.deep.equal(Object.keys(OTHER_TEXT).sort());
  });
});

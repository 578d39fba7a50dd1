/** The digest of a switch's flows: from what is sent and from what is read, in every version; every part of a flow counts. */
import { expect } from 'chai';
import { encodeMessage, type FlowEntryInput, type OpenFlowVersion } from 'ts-openflow';
import { bindings, type DesiredFlow, desiredState } from '../../src/desired/index.js';
import { digestAfter, digestOfFlows, digestOfReply, flowMod, noFlows, sameDigest } from '../../src/diff/index.js';
import { worldOf } from '../world.js';

const VERSIONS: readonly OpenFlowVersion[] = [4, 5, 6];
const world = worldOf({ hosts: 3, ports: 6, dual: true });
const { flows } = desiredState(world, 'hv1', bindings(world));

/** As the switch would describe the flow, with counters. */
function entryOf(flow: DesiredFlow, version: OpenFlowVersion, packets: bigint): FlowEntryInput {
  const { table_id = 0, priority = 0, cookie = 0n, match = {}, instructions = [] } = flowMod(flow, version);
  const counters = { duration_sec: Number(packets), duration_nsec: 1, packet_count: packets, byte_count: packets };
  return { table_id, priority, cookie, match, instructions, ...counters } as FlowEntryInput;
}

/** A multipart reply in parts of some entries. */
function replyOf(entries: readonly FlowEntryInput[], version: OpenFlowVersion, size = 20): readonly Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < entries.length; at += size)
    parts.push(
      encodeMessage({ kind: 'MultipartReply', type: 'FLOW', flags: 1, body: entries.slice(at, at + size) }, version),
    );
  return parts;
}

const counted = (list: readonly DesiredFlow[], version: OpenFlowVersion): readonly FlowEntryInput[] =>
  list.map((flow, i) => entryOf(flow, version, BigInt(i)));

describe('digest of flows', () => {
  for (const version of VERSIONS)
    it(`is the same of what is sent and of what is read, in any order: OpenFlow 1.${version - 1}`, () => {
      const sent = digestOfFlows(flows, version);
      expect(sent.count).to.equal(flows.length).and.to.be.greaterThan(100);
      expect(digestOfReply(replyOf(counted([...flows].reverse(), version), version), version)).to.deep.equal(sent);
      expect(digestOfFlows([...flows].reverse(), version)).to.deep.equal(sent);
    });

  it('adds up: flows that go and come lead to the digest of what is there then', () => {
    const [some, rest] = [flows.slice(0, 40), flows.slice(40)];
    const of = (list: readonly DesiredFlow[]) => digestOfFlows(list, 6);
    expect(digestAfter(of(flows), of(some), noFlows(6))).to.deep.equal(of(rest));
    expect(digestAfter(of(rest), noFlows(6), of(some))).to.deep.equal(of(flows));
  });

  const other: readonly (readonly [string, (entry: FlowEntryInput) => FlowEntryInput])[] = [
    ['table', (e) => ({ ...e, table_id: 99 })],
    ['priority', (e) => ({ ...e, priority: 1 })],
    ['cookie', (e) => ({ ...e, cookie: 1n })],
    ['idle_timeout', (e) => ({ ...e, idle_timeout: 1 })],
    ['hard_timeout', (e) => ({ ...e, hard_timeout: 1 })],
    ['flags', (e) => ({ ...e, flags: 1 })],
    ['a field of the match', (e) => ({ ...e, match: { ...e.match, metadata: { value: 1n } } })],
    ['the match', (e) => ({ ...e, match: { eth_type: { value: 0x88b5 } } })],
    ['instructions', (e) => ({ ...e, instructions: [{ kind: 'goto_table', table_id: 250 }] })],
  ];
  for (const version of VERSIONS)
    for (const [what, change] of other)
      it(`is another where one flow differs in ${what}: OpenFlow 1.${version - 1}`, () => {
        const read = counted(flows, version);
        for (const at of [0, 7, flows.length - 1]) {
          const changed = read.map((entry, i) => (i === at ? change(entry) : entry));
          const digest = digestOfReply(replyOf(changed, version), version);
          expect(digest && sameDigest(digest, digestOfFlows(flows, version)), `flow ${at}`).to.equal(false);
        }
      });

  it('is another where a flow is missing, and where one is there twice instead of another', () => {
    const read = counted(flows, 6);
    const digest = digestOfFlows(flows, 6);
    expect(digestOfReply(replyOf(read.slice(1), 6), 6)).to.not.deep.equal(digest);
    expect(digestOfReply(replyOf([...read.slice(1), read[1] as FlowEntryInput], 6), 6)).to.not.deep.equal(digest);
  });

  it('of a reply whose lengths make no sense is none, whichever octet of them is wrong', () => {
    for (const version of VERSIONS) {
      const [part] = replyOf(counted(flows.slice(0, 2), version), version) as [Buffer];
      for (const length of [0, 1, 7, 40, 0xffff]) {
        const broken = Buffer.from(part);
        broken.writeUInt16BE(length, 16);
        expect(digestOfReply([broken], version), `length ${length}`).to.equal(undefined);
      }
      const matchAt = 16 + (version < 6 ? 48 : 24);
      const broken = Buffer.from(part);
      broken.writeUInt16BE(0xfff0, matchAt + 2);
      expect(digestOfReply([broken], version), 'the match').to.equal(undefined);
      expect(digestOfReply([part.subarray(0, part.length - 8)], version), 'cut').to.equal(undefined);
    }
  });
});

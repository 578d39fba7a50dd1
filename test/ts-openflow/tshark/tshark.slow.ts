/**
 * What we send as tshark's dissector sees it: no malformed packet in any kind of message of any version, nor in what
 * was recorded between ovs-ofctl and ovs-vswitchd and encoded again by us; limits.ts has what tshark cannot read.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { decodeMessage, encodeMessage, type MessageInput, type OpenFlowVersion } from 'ts-openflow';
import { arbitraries } from '../codec/outlined.js';
import { kinds } from '../codec/properties.js';
import { recordedFlows } from '../fixtures.js';
import { record } from '../real-traffic/recording.js';
import { LIMITS, limit, nameOf } from './limits.js';
import { pcap } from './pcap.js';
import { plain, plainFor15 } from './plain.js';

/** The indexes of the messages that tshark names malformed, with what it says. */
function malformed(messages: readonly Buffer[], fromSwitch = false): ReadonlyMap<number, string> {
  const directory = mkdtempSync(join(tmpdir(), 'tshark-'));
  try {
    const file = join(directory, 'sent.pcap');
    writeFileSync(file, pcap(messages.map((octets) => ({ octets, fromSwitch }))));
    const fields = ['-T', 'fields', '-e', 'frame.number', '-e', 'frame.protocols', '-e', '_ws.expert.message'];
    const out = execFileSync('tshark', ['-n', '-r', file, ...fields], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 1 << 28,
    });
    const lines = out.trimEnd().split('\n');
    expect(lines).length(messages.length);
    const found = new Map<number, string>();
    for (const line of lines) {
      const [frame = '', protocols = '', said = ''] = line.split('\t');
      expect(protocols, `frame ${frame}`).match(/openflow/);
      if (/malformed|too short|past the end/i.test(said)) found.set(Number(frame) - 1, said.slice(0, 200));
    }
    return found;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const RUNS = 40;
/** OXM_OF_IN_PORT: class, field and length. */
const OXM_IN_PORT = '80000004';

/** Messages of each kind that have nothing but known things in them. */
function generated(version: OpenFlowVersion): ReadonlyMap<string, readonly MessageInput[]> {
  const readable = (m: MessageInput): MessageInput => (version >= 6 ? plainFor15(plain(m)) : plain(m)) as MessageInput;
  return new Map(
    kinds(arbitraries(version)).map(([name, made]) => [
      name,
      fc.sample(made, { numRuns: RUNS, seed: 11 }).map(readable),
    ]),
  );
}

describe('tshark', function () {
  this.timeout(300_000);
  for (const version of [4, 5, 6] as const) {
    it(`names no malformed packet in any kind of message of 1.${version - 1}`, () => {
      const all = [...generated(version)].flatMap(([name, messages]) => {
        const asked = messages.filter((m) => limit(m, version) === undefined);
        // A kind that is within the limits must not be filtered away.
        if ((LIMITS[name]?.[0] ?? 7) > version) expect(asked.length, name).greaterThan(3);
        return asked;
      });
      expect(all.length).greaterThan(2500);
      const found = malformed(all.map((m) => encodeMessage(m, version)));
      const named = [...found].map(
        ([i, said]) =>
          `${nameOf(all[i] as MessageInput)}: ${said} ${encodeMessage(all[i] as MessageInput, version).toString('hex')}`,
      );
      expect(named).deep.equal([]);
    });

    it(`1.${version - 1}: no kind is excepted that tshark reads`, () => {
      for (const [name, messages] of generated(version)) {
        if ((LIMITS[name]?.[0] ?? 7) > version) continue;
        expect(malformed(messages.map((m) => encodeMessage(m, version))).size, name).greaterThan(0);
      }
    });

    it(`names none in a recorded session of 1.${version - 1} that we encode`, async () => {
      const recorded = await record((version + 9) as 13 | 14 | 15);
      const messages = recorded
        .map(({ octets }) => decodeMessage(octets))
        .filter((m) => m.version === version && limit(m, version) === undefined);
      expect(messages.length).greaterThan(version >= 6 ? 300 : 1500);
      const found = malformed(messages.map((m) => encodeMessage(m, version)));
      const named = [...found].map(([i, said]) => `${nameOf(messages[i] as MessageInput)}: ${said}`);
      expect([...new Set(named)].join('\n')).equal('');
    });
  }

  it('says of the octets of ovs-ofctl too that a match of 1.5 is malformed', () => {
    const own = recordedFlows().filter(({ version, hex }) => version === '1.5' && hex?.includes(OXM_IN_PORT));
    expect(own.length).greaterThan(3);
    expect(malformed(own.map(({ hex }) => Buffer.from(hex as string, 'hex'))).size).equal(own.length);
  });
});

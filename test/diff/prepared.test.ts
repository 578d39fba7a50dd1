/** What opens a port, prepared before its number is known, is to the octet what encoding it with the number gives. */
import { expect } from 'chai';
import fc from 'fast-check';
import { encodeMessage, type OpenFlowVersion } from 'ts-openflow';
import { rememberingFlowsOf } from '../../src/desired/index.js';
import { messagesOf, preparePort } from '../../src/diff/index.js';
import { portMeters } from '../../src/pipeline/index.js';
import { randomWorld } from '../verify/dumps.js';

const VERSIONS: readonly OpenFlowVersion[] = [4, 5, 6];
const flowsOf = rememberingFlowsOf();

describe('a prepared port', function () {
  this.timeout(30_000);

  it('is what encoding it with its number gives, for any port, number and version', () => {
    const number = fc.oneof(
      fc.integer({ min: 1, max: 0xfeff }),
      fc.constantFrom(1, 0xff, 0x100, 0x1122, 0x3344, 0xfeff),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), number, fc.nat(), fc.constantFrom(...VERSIONS), (seed, n, at, v) => {
        const { networks } = randomWorld(seed).topology;
        const placed = networks.flatMap((network) => network.ports.map((port) => ({ network, port })));
        const { network, port } = placed[at % placed.length] as (typeof placed)[number];
        const prepared = preparePort(flowsOf, network, port, v);
        const object = { network, port, ofport: n };
        const opening = { flows: flowsOf('port', object), meters: portMeters(object) };
        const messages = (messagesOf(opening, v)?.messages ?? []).map(({ message }) => encodeMessage(message, v));
        expect(messages.length).to.be.greaterThan(5);
        expect(prepared?.messagesFor(n).map((octets) => octets.toString('hex'))).to.deep.equal(
          messages.map((octets) => octets.toString('hex')),
        );
        expect(prepared?.openingFor(n).flows.map(({ identity }) => identity)).to.deep.equal(
          opening.flows.map(({ identity }) => identity),
        );
      }),
      { numRuns: 150 },
    );
  });

  it('gives messages of its own each time', () => {
    const [network] = randomWorld(1).topology.networks;
    const [port] = network?.ports ?? [];
    if (network === undefined || port === undefined) throw new Error('no port');
    const prepared = preparePort(flowsOf, network, port, 6);
    const [first] = prepared?.messagesFor(7) ?? [];
    first?.fill(0xff);
    expect(prepared?.messagesFor(7)[0]?.toString('hex')).to.not.match(/^ff/);
  });

  it('is nothing where the messages depend on the number in any other way', () => {
    const [network] = randomWorld(1).topology.networks;
    const [port] = network?.ports ?? [];
    if (network === undefined || port === undefined) throw new Error('no port');
    for (const twisted of [(n: number) => n * 2, (n: number) => (n === 0x5566 ? 7 : n), (n: number) => 0x7000 - n]) {
      const other = Object.assign(
        ((kind: 'port', object: { readonly ofport: number }) =>
          flowsOf(kind, { ...object, ofport: twisted(object.ofport) } as never)) as unknown as typeof flowsOf,
        flowsOf,
      );
      expect(preparePort(other, network, port, 6)).to.equal(undefined);
    }
  });
});

import { expect } from 'chai';
import { type HostRows, hostFacts } from '../../src/desired/index.js';
import { rightRows } from '../rows.js';
import { topologyOf } from '../world.js';

const topology = topologyOf();

/** The rows of a host with one tap; its row as given. */
function rows(name: string, ofport: number | undefined): HostRows {
  const right = rightRows(topology, 'hv1', ['red-vm1']);
  const interfaces = right.interfaces.map((row) => {
    if (row.external_ids['iface-id'] === undefined) return row;
    const { ofport: _, ...rest } = row;
    return { ...rest, name, ...(ofport === undefined ? {} : { ofport }) };
  });
  return { ...right, interfaces };
}

const tap = (name: string, ofport: number | undefined, ports: readonly (readonly [string, number])[]) =>
  hostFacts(topology, 'hv1', rows(name, ofport), new Map(ports)).interfaces[0]?.ofport;

describe('facts of a host', () => {
  it('take the number of a port on which its row and the switch agree', () => {
    expect(tap('tap0', 10, [['tap0', 10]])).to.equal(10);
    expect(tap('tap0', 10, [['tap0', 11]])).to.equal(undefined);
    expect(tap('tap0', 10, [])).to.equal(undefined);
    expect(tap('tap0', -1, [['tap0', -1]])).to.equal(undefined);
  });

  it("take the switch's word for a row that has no number yet", () => {
    expect(tap('tap0', undefined, [['tap0', 10]])).to.equal(10);
    expect(tap('tap0', undefined, [['tap1', 10]])).to.equal(undefined);
    expect(tap('tap0', undefined, [])).to.equal(undefined);
  });

  it('do not take it for a name that the port description may have cut short', () => {
    const name = 'a-name-of-15-ch';
    expect(name).to.have.length(15);
    expect(tap(name, undefined, [[name, 10]])).to.equal(undefined);
    expect(tap(name, 10, [[name, 10]])).to.equal(10);
    expect(tap(`${name}ars`, undefined, [[name, 10]])).to.equal(undefined);
    expect(tap(`${name}ars`, 10, [[name, 10]])).to.equal(10);
  });

  it("take a tunnel's number only when both agree", () => {
    const right = rightRows(topology, 'hv1');
    const ports = new Map(right.interfaces.map((row) => [row.name, row.ofport as number]));
    expect(hostFacts(topology, 'hv1', right, ports).tunnels).to.have.length(right.interfaces.length);
    const interfaces = right.interfaces.map(({ ofport: _, ...row }) => row);
    expect(hostFacts(topology, 'hv1', { ...right, interfaces }, ports).tunnels).to.deep.equal([]);
  });
});

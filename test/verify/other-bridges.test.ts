/** A VM's port in another bridge: its flows are proved as a host of their own, and where they are not at hand it is said. */
import { expect } from 'chai';
import { type DumpTexts, interfacesText, kakuriSpec, readDump, unreadPorts, verify } from '../../src/verify/index.js';
import { topologyOf } from '../world.js';

const topology = topologyOf();
const tap = (name: string, ofport: number, vm: string) => ({
  name,
  ofport,
  type: '',
  options: {},
  external_ids: { 'iface-id': vm },
});
/** Two VMs' ports in br-theirs, which have the numbers of two in br-int. */
const interfaces = interfacesText([
  tap('tap0', 1, 'red-vm1'),
  tap('tap1', 2, 'blue-vm1'),
  tap('theirs0', 1, 'red-vm2'),
  tap('theirs1', 2, 'blue-vm2'),
]);
const dump = (host: string, flows: string, names: readonly string[]) => {
  const ports = names.map((name, i) => ` ${i + 1}(${name}): addr:7e:00:00:00:00:01\n`).join('');
  const texts: DumpTexts = { flows, groups: '', meters: '', ports, interfaces };
  return readDump(host, texts);
};
const ours = dump('hv1', '', ['tap0', 'tap1']);
const theirs = (flow: string) => dump('hv1/br-theirs', ` ${flow}\n`, ['theirs0', 'theirs1']);

describe('verify: other bridges of a host', () => {
  it('a VM’s port in a bridge without a dump is told by name', () => {
    expect(unreadPorts(topology, [ours])).to.deep.equal([
      'hv1: red/web/red-vm2 is in another bridge (interface theirs0), whose flows are not in the dump',
      'hv1: blue/web/blue-vm2 is in another bridge (interface theirs1), whose flows are not in the dump',
    ]);
    expect(unreadPorts(topology, [ours, theirs('table=0 actions=drop')])).to.deep.equal([]);
  });

  it('a leak between VMs’ ports there is found, by the ports of that bridge', () => {
    const proved = (flow: string) => {
      const dumps = [ours, theirs(flow)];
      return verify(dumps, kakuriSpec(topology, dumps));
    };
    expect(proved('table=0 actions=drop').verdict).to.equal('isolated');
    const { verdict, leaks } = proved('table=0,in_port=1,arp actions=output:2');
    expect(verdict).to.equal('leak');
    expect(leaks[0]).to.include({ from: 'red/web/red-vm2', to: 'blue/web/blue-vm2', host: 'hv1/br-theirs' });
    const normal = proved('table=0 actions=NORMAL');
    expect(normal.verdict).to.equal('leak');
    expect(normal.leaks[0]?.goal).to.equal('G6');
  });
});

/** Two topologies compared object by object. */
import { expect } from 'chai';
import { changeText, topologyChanges } from '../../src/topology/index.js';
import { topologyOf } from '../world.js';

const plain = topologyOf();
const said = (after: typeof plain) => topologyChanges(plain, after).map(changeText);

describe('topology: what two differ in', () => {
  it('is nothing between a topology and itself', () => {
    expect(said(topologyOf())).to.deep.equal([]);
  });

  it('names networks and ports that come and go', () => {
    expect(said({ ...plain, networks: plain.networks.slice(1) })).to.deep.equal([
      'network blue/web removed',
      'port blue/web/blue-vm1 removed',
      'port blue/web/blue-vm2 removed',
    ]);
    expect(said(topologyOf({ ports: 3 }))).to.deep.equal([
      'port blue/web/blue-vm3 added',
      'port red/web/red-vm3 added',
    ]);
  });

  it('says of a changed object what was and what is', () => {
    const [blue, red] = plain.networks;
    if (blue === undefined || red === undefined) throw new Error('two networks expected');
    const ports = red.ports.map((port, i) =>
      i === 0 ? { ...port, mac: '02:00:00:00:09:09', unknown: true as const } : port,
    );
    const hosts = plain.hosts.map((host, i) => (i === 1 ? { ...host, vtep: '10.99.0.9' } : host));
    expect(
      said({
        ...plain,
        hosts,
        networks: [
          { ...blue, key: 7 },
          { ...red, ports },
        ],
      }),
    ).to.deep.equal([
      'host hv2 changed: vtep 10.99.0.2 → 10.99.0.9',
      'network blue/web changed: key 100 → 7',
      'port red/web/red-vm1 changed: mac 02:00:00:00:01:01 → 02:00:00:00:09:09, unknown none → true',
    ]);
    expect(said({ ...plain, underlay: { ...plain.underlay, mtu: 9000 } })).to.deep.equal([
      'underlay changed: mtu 1500 → 9000',
    ]);
  });
});

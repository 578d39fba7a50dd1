import { expect } from 'chai';
import { configPlan, type HostRows } from '../../src/desired/index.js';
import { CONTROLLER, rightRows } from '../rows.js';
import { topologyOf } from '../world.js';

const topology = topologyOf({ hosts: 2, ports: 2 });
const rows = rightRows(topology, 'hv1', ['red-vm1']);
const interfaces = (change: (name: string) => object): HostRows['interfaces'] =>
  rows.interfaces.map((row) => ({ ...row, ...change(row.name) }));
const told = (changed: HostRows) =>
  configPlan({ host: 'hv1', controllerTarget: CONTROLLER, topology }, changed).warnings;
/** br-phy with an uplink, by which the tunnels leave. */
const withUplink = (mtu: number): HostRows => ({
  ...rows,
  bridges: [
    ...rows.bridges,
    { ...(rows.bridges[0] as HostRows['bridges'][number]), _uuid: 'phy', name: 'br-phy', ports: ['port-up0'] },
  ],
  ports: [...rows.ports, { _uuid: 'port-up0', name: 'up0', interfaces: ['if-up0'], external_ids: {} }],
  interfaces: [
    ...interfaces((name) => (name.startsWith('tap') ? {} : { egress: 'br-phy' })),
    { _uuid: 'if-up0', name: 'up0', type: '', options: {}, bfd: {}, mtu, external_ids: {} },
  ],
});

describe('MTUs', () => {
  it('that fit, and those nobody knows, are nothing to tell', () => {
    expect(told(rows)).to.deep.equal([]);
    expect(told({ ...rows, interfaces: interfaces((name) => (name === 'tap0' ? { mtu: 1450 } : {})) })).to.deep.equal(
      [],
    );
    expect(told(withUplink(1500))).to.deep.equal([]);
    expect(told(withUplink(9000))).to.deep.equal([]);
  });

  it('that do not fit are told with the link and the numbers', () => {
    const at = (mtu: number) => told({ ...rows, interfaces: interfaces((name) => (name === 'tap0' ? { mtu } : {})) });
    expect(at(1500)).to.deep.equal([
      'port red-vm1 (tap0): its MTU is 1500, that of network red/web is 1450: larger packets are lost in the tunnels',
    ]);
    expect(at(1400)).to.deep.equal([
      'port red-vm1 (tap0): its MTU is 1400, that of network red/web is 1450: larger packets for the VM are lost there',
    ]);
    expect(told(withUplink(1400))).to.deep.equal([
      'link up0: its MTU is 1400, that of the underlay is 1500: larger packets of the underlay are lost there',
    ]);
  });
});

import { expect } from 'chai';
import {
  type BridgeRow,
  type Change,
  type ConfigPlan,
  configPlan,
  datapathId,
  desiredTunnels,
  type HostRows,
  type InterfaceRow,
  removePlan,
} from '../../src/desired/index.js';
import { TABLES } from '../../src/pipeline/index.js';
import { topologyOf } from '../world.js';

const topology = topologyOf();
const config = { host: 'hv1', controllerTarget: 'tcp:192.0.2.1:6653', topology };
const TYPES = ['geneve', 'gre', 'internal', 'vxlan'];
const root = {
  _uuid: 'root',
  bridges: ['b'],
  ovs_version: '3.1.0',
  iface_types: TYPES,
  external_ids: {},
  other_config: {},
};
const empty: HostRows = { root, bridges: [], ports: [], interfaces: [], controllers: [], flowTables: [] };
const tunnel = desiredTunnels(topology, 'hv1')[0];
if (tunnel === undefined) throw new Error('no tunnel');

const bridge: BridgeRow = {
  _uuid: 'b',
  name: 'br-int',
  datapath_type: 'netdev',
  fail_mode: 'secure',
  protocols: ['OpenFlow13', 'OpenFlow14', 'OpenFlow15'],
  other_config: { 'datapath-id': datapathId('hv1'), hwaddr: '', 'disable-in-band': 'true', theirs: 'kept' },
  external_ids: { 'kakuri-host': 'hv1', 'kakuri-created': 'true', theirs: 'kept' },
  ports: ['pt'],
  controller: ['c'],
  flow_tables: Object.fromEntries(TABLES.map((t) => [t.id, `t${t.id}`])),
};
const wrongHwaddr = configPlan(config, { ...empty, bridges: [bridge] });
const hwaddr = wrongHwaddr.transactions
  .flat()
  .flatMap((c) =>
    c.op === 'mutate' && c.column === 'other_config' && c.mutator === 'insert'
      ? [(c.value as Record<string, string>).hwaddr]
      : [],
  )[0] as string;
const right: HostRows = {
  root,
  bridges: [{ ...bridge, other_config: { ...bridge.other_config, hwaddr } }],
  ports: [{ _uuid: 'pt', name: tunnel.name, interfaces: ['it'], external_ids: { 'kakuri-tunnel': 'hv2' } }],
  interfaces: [
    {
      _uuid: 'it',
      name: tunnel.name,
      type: tunnel.type,
      options: tunnel.options,
      bfd: tunnel.bfd,
      ofport: 1,
      external_ids: { 'kakuri-tunnel': 'hv2' },
    },
  ],
  controllers: [
    {
      _uuid: 'c',
      target: config.controllerTarget,
      inactivity_probe: 10_000,
      max_backoff: 1000,
      connection_mode: 'out-of-band',
      external_ids: { 'kakuri-host': 'hv1' },
    },
  ],
  flowTables: TABLES.map((t) => ({ _uuid: `t${t.id}`, name: t.name })),
};
const withBridge = (over: Partial<BridgeRow>): HostRows => ({
  ...right,
  bridges: right.bridges.map((b) => ({ ...b, ...over })),
});
const withTunnel = (over: Partial<InterfaceRow>): HostRows => ({
  ...right,
  interfaces: right.interfaces.map((i) => ({ ...i, ...over })),
});
const changes = (plan: ConfigPlan): readonly Change[] => plan.transactions.flat();

describe('configPlan', () => {
  it('changes nothing on a host that is right', () => {
    expect(configPlan(config, right)).to.deep.equal({ transactions: [], problems: [], warnings: [] });
  });

  it('makes the bridge in one transaction: closed, named and commanded before any port', () => {
    const plan = configPlan(config, empty);
    expect(plan.transactions).to.have.length(1);
    const made = changes(plan).find((c) => c.op === 'insert' && c.table === 'Bridge');
    expect(made).to.have.nested.property('row.fail_mode', 'secure');
    expect(made)
      .to.have.nested.property('row.other_config')
      .that.includes({ 'disable-in-band': 'true', 'datapath-id': datapathId('hv1') });
    expect(changes(plan).filter((c) => c.op === 'insert' && c.table === 'Flow_Table')).to.have.length(TABLES.length);
  });

  it("takes the datapath type of the host's other bridges", () => {
    const other = { ...bridge, _uuid: 'x', name: 'br-phy', datapath_type: 'netdev' };
    const made = changes(configPlan(config, { ...empty, bridges: [other] })).find(
      (c) => c.op === 'insert' && c.table === 'Bridge',
    );
    expect(made).to.have.nested.property('row.datapath_type', 'netdev');
  });

  const repairs: [string, HostRows, object][] = [
    [
      'fail_mode',
      withBridge({ fail_mode: 'standalone' }),
      { op: 'update', table: 'Bridge', uuid: 'b', row: { fail_mode: 'secure' } },
    ],
    [
      'a tunnel option',
      withTunnel({ options: { ...tunnel.options, key: '7' } }),
      { op: 'update', table: 'Interface', uuid: 'it', row: { options: tunnel.options } },
    ],
    ['BFD', withTunnel({ bfd: {} }), { op: 'update', table: 'Interface', uuid: 'it', row: { bfd: tunnel.bfd } }],
    [
      "a table's name",
      { ...right, flowTables: right.flowTables.slice(1) },
      { op: 'insert', table: 'Flow_Table', name: 'table0', row: { name: 'classify' } },
    ],
  ];
  for (const [what, rows, expected] of repairs)
    it(`puts ${what} right`, () => {
      expect(changes(configPlan(config, rows))).to.deep.include(expected);
    });

  it('points our controller elsewhere without ever taking the last one away', () => {
    const moved = configPlan({ ...config, controllerTarget: 'tcp:192.0.2.2:6653' }, right);
    expect(changes(moved)).to.deep.equal([
      { op: 'update', table: 'Controller', uuid: 'c', row: { target: 'tcp:192.0.2.2:6653' } },
    ]);
  });

  it('sets single keys and leaves those of others', () => {
    const value = changes(configPlan(config, withBridge({ other_config: { theirs: 'kept' } }))).filter(
      (c) => c.op === 'mutate',
    );
    expect(value).to.have.length(1);
    expect(value[0]).to.include({ column: 'other_config', mutator: 'insert' });
    expect(JSON.stringify(value)).to.not.contain('theirs');
  });

  it('removes tunnels of ours that nobody wants, and no port of others', () => {
    const rows = {
      ...right,
      ports: [
        ...right.ports,
        { _uuid: 'p9', name: 'kkg09090909', interfaces: [], external_ids: { 'kakuri-tunnel': 'hv9' } },
        { _uuid: 'p8', name: 'tap0', interfaces: [], external_ids: {} },
      ],
    };
    const removed = changes(
      configPlan(config, { ...rows, bridges: rows.bridges.map((b) => ({ ...b, ports: ['pt', 'p9', 'p8'] })) }),
    );
    expect(removed).to.deep.equal([
      { op: 'mutate', table: 'Bridge', at: { uuid: 'b' }, column: 'ports', mutator: 'delete', value: [{ uuid: 'p9' }] },
    ]);
  });

  const problems: [string, HostRows, RegExp][] = [
    [
      'a colliding tunnel of others',
      {
        ...right,
        interfaces: [
          ...right.interfaces,
          { ...(right.interfaces[0] as InterfaceRow), _uuid: 'x', name: 'theirs', external_ids: {} },
        ],
      },
      /collides with theirs/,
    ],
    ['a tunnel that Open vSwitch refused', withTunnel({ ofport: -1, error: 'could not add' }), /could not add/],
    [
      'a type this Open vSwitch lacks',
      { ...right, root: { ...root, iface_types: ['vxlan'] } },
      /no tunnels of type geneve/,
    ],
    [
      'another controller',
      {
        ...withBridge({ controller: ['c', 'x'] }),
        controllers: [...right.controllers, { _uuid: 'x', target: 'tcp:9.9.9.9:6653', external_ids: {} }],
      },
      /another controller, tcp:9.9.9.9/,
    ],
    ['a bridge of another host', withBridge({ external_ids: { 'kakuri-host': 'hv7' } }), /belongs to host hv7/],
    ['an old Open vSwitch', { ...right, root: { ...root, ovs_version: '2.9.1' } }, /2\.9\.1 is older than 2\.17/],
  ];
  for (const [what, rows, expected] of problems)
    it(`tells ${what}`, () => {
      expect(configPlan(config, rows).problems.join('\n')).to.match(expected);
    });

  it('makes no tunnels where the bridge would have too many ports, and says how many', () => {
    const ports = Array.from({ length: 32_767 }, (_, i) => ({
      _uuid: `p${i}`,
      name: `p${i}`,
      interfaces: [],
      external_ids: {},
    }));
    const plan = configPlan(config, { ...withBridge({ ports: ports.map((p) => p._uuid) }), ports, interfaces: [] });
    expect(changes(plan)).to.deep.equal([]);
    expect(plan.problems).to.deep.equal([
      'br-int: 1 tunnels and 32767 other ports are 32768 ports, the limit is 32767: tunnels: flow takes one port',
    ]);
  });

  it('touches nothing on a host of another installation, or of an old Open vSwitch', () => {
    expect(
      configPlan(config, withBridge({ fail_mode: 'standalone', external_ids: { 'kakuri-host': 'hv7' } })).transactions,
    ).to.deep.equal([]);
    expect(configPlan(config, { ...empty, root: { ...root, ovs_version: '2.9.1' } }).transactions).to.deep.equal([]);
  });
});

describe('removePlan', () => {
  const alone = withBridge({ ports: ['pt', 'pi'] });
  const withLocal: HostRows = {
    ...alone,
    ports: [...alone.ports, { _uuid: 'pi', name: 'br-int', interfaces: [], external_ids: {} }],
  };

  it('removes a bridge that Kakuri made and nobody else uses', () => {
    expect(removePlan(withLocal, false).changes).to.deep.equal([
      {
        op: 'mutate',
        table: 'Open_vSwitch',
        at: { uuid: 'root' },
        column: 'bridges',
        mutator: 'delete',
        value: [{ uuid: 'b' }],
      },
    ]);
  });

  it('strips a bridge that others use, or that is to be kept, and leaves their keys', () => {
    const shared = {
      ...withLocal,
      ports: [...withLocal.ports, { _uuid: 'pv', name: 'tap0', interfaces: [], external_ids: {} }],
    };
    const rows = { ...shared, bridges: shared.bridges.map((b) => ({ ...b, ports: ['pt', 'pi', 'pv'] })) };
    for (const plan of [removePlan(rows, false), removePlan(withLocal, true)]) {
      const text = JSON.stringify(plan.changes);
      expect(text).to.contain('"pt"').and.to.contain('kakuri-host');
      expect(text).to.not.contain('"pv"');
      expect(text).to.not.contain('theirs');
      expect(plan.changes.some((c) => c.table === 'Open_vSwitch')).to.equal(false);
    }
  });

  it('touches no bridge that is not marked', () => {
    expect(removePlan(withBridge({ external_ids: {} }), false).changes).to.deep.equal([]);
  });
});

/** The rows of a host that is set up right, so that a test can make one thing wrong. */
import { bridgeHwaddr, datapathId, desiredTunnels, type HostRows } from '../src/desired/index.js';
import { TABLES } from '../src/pipeline/index.js';
import type { Topology } from '../src/topology/index.js';

export const CONTROLLER = 'tcp:192.0.2.1:6653';

/** Tunnels have ofports from 1 on; the named iface-ids from 10 on. */
export function rightRows(topology: Topology, host: string, ifaceIds: readonly string[] = []): HostRows {
  const tunnels = desiredTunnels(topology, host).map((tunnel, i) => ({ tunnel, ofport: i + 1 }));
  const taps = ifaceIds.map((ifaceId, i) => ({ name: `tap${i}`, ifaceId, ofport: 10 + i }));
  const names = [...tunnels.map((t) => t.tunnel.name), ...taps.map((t) => t.name)];
  return {
    root: {
      _uuid: 'root',
      bridges: ['b'],
      ovs_version: '3.1.0',
      iface_types: ['geneve', 'gre', 'internal', 'vxlan'],
      external_ids: {},
      other_config: {},
    },
    bridges: [
      {
        _uuid: 'b',
        name: 'br-int',
        datapath_type: 'netdev',
        fail_mode: 'secure',
        protocols: ['OpenFlow13', 'OpenFlow14', 'OpenFlow15'],
        other_config: { 'datapath-id': datapathId(host), hwaddr: bridgeHwaddr(host), 'disable-in-band': 'true' },
        external_ids: { 'kakuri-host': host, 'kakuri-created': 'true' },
        ports: names.map((name) => `port-${name}`),
        controller: ['c'],
        flow_tables: Object.fromEntries(TABLES.map((t) => [t.id, `t${t.id}`])),
      },
    ],
    ports: [
      ...tunnels.map(({ tunnel: { name } }) => ({
        _uuid: `port-${name}`,
        name,
        interfaces: [`if-${name}`],
        external_ids: { 'kakuri-tunnel': 'x' },
      })),
      ...taps.map(({ name }) => ({ _uuid: `port-${name}`, name, interfaces: [`if-${name}`], external_ids: {} })),
    ],
    interfaces: [
      ...tunnels.map(({ tunnel, ofport }) => ({
        _uuid: `if-${tunnel.name}`,
        name: tunnel.name,
        type: tunnel.type,
        options: tunnel.options,
        bfd: tunnel.bfd,
        ofport,
        external_ids: { 'kakuri-tunnel': 'x' },
      })),
      ...taps.map(({ name, ifaceId, ofport }) => ({
        _uuid: `if-${name}`,
        name,
        type: '',
        options: {},
        bfd: {},
        ofport,
        external_ids: { 'iface-id': ifaceId },
      })),
    ],
    controllers: [
      {
        _uuid: 'c',
        target: CONTROLLER,
        inactivity_probe: 10_000,
        max_backoff: 1000,
        connection_mode: 'out-of-band',
        external_ids: { 'kakuri-host': host },
      },
    ],
    flowTables: TABLES.map((t) => ({ _uuid: `t${t.id}`, name: t.name })),
  };
}

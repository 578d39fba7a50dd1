/**
 * Tunnel ports in the rows: created, put right where an option or BFD was changed, taken away where no longer wanted. A
 * tunnel of somebody else that has our address and key on the same host is told by name and ours is not created: Open
 * vSwitch would refuse one of the two, and which one can flip at a restart (seen on 3.1.0).
 */
import { BRIDGE, type HostConfig, TUNNEL_KEY } from './config.js';
import { LIMITS } from './limits.js';
import type { BridgeRow, Change, HostRows, InterfaceRow, StringMap } from './rows.js';
import { desiredTunnels, isTrunk, type TunnelIntent } from './tunnels.js';

const DEFAULT_DST_PORT: StringMap = { geneve: '6081', vxlan: '4789' };

/** What must be unique over all bridges of one ovs-vswitchd (ofproto/tunnel.c): type, addresses, key, port, and whether Ethernet is in it. */
function wireIdentity(type: string, options: StringMap): string {
  const key = options.in_key ?? options.key ?? '0';
  const port = options.dst_port ?? DEFAULT_DST_PORT[type] ?? '';
  return [type, options.remote_ip ?? '', options.local_ip ?? '', key, port, options.packet_type ?? 'legacy_l2'].join(
    ' ',
  );
}

/** The foreign Interface that `tunnel` would collide with: the same on the wire, or its name. */
function collision(tunnel: TunnelIntent, interfaces: readonly InterfaceRow[]): InterfaceRow | undefined {
  const wanted = isTrunk(tunnel) ? undefined : wireIdentity(tunnel.type, tunnel.options);
  return interfaces.find(
    (row) =>
      row.external_ids[TUNNEL_KEY] === undefined &&
      (row.name === tunnel.name || wireIdentity(row.type, row.options) === wanted),
  );
}

const sameMap = (a: StringMap, b: StringMap): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([k, v]) => b[k] === v);

/** What says whose a port of ours is. */
const markOf = (tunnel: TunnelIntent): string => (isTrunk(tunnel) ? 'trunk' : (tunnel.peer?.name ?? 'flow'));

/** The port, in words. */
const said = (tunnel: TunnelIntent): string =>
  isTrunk(tunnel) ? `trunk ${tunnel.name}` : `tunnel ${tunnel.name} to ${tunnel.options.remote_ip}`;

const created = (tunnel: TunnelIntent, bridge: BridgeRow): readonly Change[] => [
  {
    op: 'insert',
    table: 'Interface',
    name: `iface_${tunnel.name}`,
    row: {
      name: tunnel.name,
      type: tunnel.type,
      options: tunnel.options,
      bfd: tunnel.bfd,
      external_ids: { [TUNNEL_KEY]: markOf(tunnel) },
    },
  },
  {
    op: 'insert',
    table: 'Port',
    name: `port_${tunnel.name}`,
    row: {
      name: tunnel.name,
      interfaces: [{ inserted: `iface_${tunnel.name}` }],
      external_ids: { [TUNNEL_KEY]: markOf(tunnel) },
    },
  },
  {
    op: 'mutate',
    table: 'Bridge',
    at: { uuid: bridge._uuid },
    column: 'ports',
    mutator: 'insert',
    value: [{ inserted: `port_${tunnel.name}` }],
  },
];

/** Options and BFD as they should be; the columns of our own tunnels are written whole, nothing in them is another's. */
function corrected(tunnel: TunnelIntent, row: InterfaceRow): readonly Change[] {
  const wrong: Record<string, string | StringMap> = {};
  if (row.type !== tunnel.type) wrong.type = tunnel.type;
  if (!sameMap(tunnel.options, row.options)) wrong.options = tunnel.options;
  if (!sameMap(tunnel.bfd, row.bfd)) wrong.bfd = tunnel.bfd;
  return Object.keys(wrong).length === 0 ? [] : [{ op: 'update', table: 'Interface', uuid: row._uuid, row: wrong }];
}

/** Ports of ours on the bridge that are not wanted any more. */
function removed(wanted: ReadonlySet<string>, bridge: BridgeRow, rows: HostRows): readonly Change[] {
  return rows.ports
    .filter(
      (port) =>
        bridge.ports.includes(port._uuid) && port.external_ids[TUNNEL_KEY] !== undefined && !wanted.has(port.name),
    )
    .map((port) => ({
      op: 'mutate',
      table: 'Bridge',
      at: { uuid: bridge._uuid },
      column: 'ports',
      mutator: 'delete',
      value: [{ uuid: port._uuid }],
    }));
}

/** Why a tunnel does not work, or nothing. */
function complaint(tunnel: TunnelIntent, row: InterfaceRow | undefined): string[] {
  if (row === undefined || (row.ofport !== -1 && row.error === undefined)) return [];
  return [`${said(tunnel)}: ${row.error ?? 'Open vSwitch gave it no port number'}`];
}

/** What the host's tunnel ports need, and what is wrong with them. */
export function tunnelChanges(
  config: HostConfig,
  bridge: BridgeRow,
  rows: HostRows,
): { readonly changes: readonly Change[]; readonly problems: readonly string[] } {
  const wanted = config.tunnels ?? desiredTunnels(config.topology, config.host);
  const types = rows.root?.iface_types ?? [];
  const changes: Change[] = [];
  const problems: string[] = [];
  const onBridge = new Set(bridge.ports);
  const others = rows.ports.filter((p) => onBridge.has(p._uuid) && p.external_ids[TUNNEL_KEY] === undefined);
  const ofports = wanted.length + others.length;
  if (ofports > LIMITS.ofports)
    return {
      changes: [],
      problems: [
        `${BRIDGE}: ${wanted.length} tunnels and ${others.length} other ports are ${ofports} ports, the limit is ${LIMITS.ofports}: tunnels: flow takes one port`,
      ],
    };
  for (const tunnel of wanted) {
    const row = rows.interfaces.find((i) => i.name === tunnel.name && i.external_ids[TUNNEL_KEY] !== undefined);
    const foreign = collision(tunnel, rows.interfaces);
    if (foreign !== undefined)
      problems.push(
        isTrunk(tunnel)
          ? `${said(tunnel)} is a port of Open vSwitch already, which is not Kakuri's: take it off its bridge`
          : `tunnel ${tunnel.name} (${tunnel.type} to ${tunnel.options.remote_ip}) collides with ${foreign.name}, which is not Kakuri's: two such tunnels cannot be on one host`,
      );
    if (types.length > 0 && !types.includes(tunnel.type) && !isTrunk(tunnel))
      problems.push(`this Open vSwitch has no tunnels of type ${tunnel.type}`);
    else if (row === undefined && foreign === undefined) changes.push(...created(tunnel, bridge));
    else if (row !== undefined) changes.push(...corrected(tunnel, row));
    problems.push(...complaint(tunnel, row));
  }
  changes.push(...removed(new Set(wanted.map((t) => t.name)), bridge, rows));
  return { changes, problems };
}

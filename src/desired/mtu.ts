/**
 * MTUs along a VM's way, as far as OVSDB knows them (Interface.mtu): a VM's port against its network's, and where the
 * underlay's packets pass a bridge of this Open vSwitch, its ports against the underlay's. A link with another MTU loses
 * packets without a word, so it is told by name and with the numbers. Pure.
 */
import type { Topology } from '../topology/index.js';
import { BRIDGE, TUNNEL_KEY } from './config.js';
import type { HostRows, InterfaceRow } from './rows.js';
import { type PlacedPort, portsByIfaceId } from './topology-index.js';

/** The ports of the bridge that tunnel packets leave by; none where that is no bridge of this Open vSwitch. */
function uplinks(rows: HostRows): readonly InterfaceRow[] {
  const egress = new Set(rows.interfaces.flatMap(({ egress }) => egress ?? []));
  return rows.bridges
    .filter(({ name }) => name !== BRIDGE && egress.has(name))
    .flatMap(({ ports }) => rows.ports.filter(({ _uuid }) => ports.includes(_uuid)))
    .flatMap(({ interfaces }) => rows.interfaces.filter(({ _uuid }) => interfaces.includes(_uuid)));
}

/** One sentence for each link whose MTU does not fit. `ports`: the topology's by iface-id, where they are known already. */
export function mtuWarnings(
  topology: Topology,
  rows: HostRows,
  ports: ReadonlyMap<string, PlacedPort> = portsByIfaceId(topology),
): readonly string[] {
  const { underlay } = topology;
  const guests = rows.interfaces.flatMap(({ name, mtu, external_ids }) => {
    const found = ports.get(external_ids['iface-id'] ?? '');
    if (found === undefined || mtu === undefined || mtu === found.network.mtu) return [];
    const { port: p, network } = found;
    const lost =
      mtu < network.mtu ? 'larger packets for the VM are lost there' : 'larger packets are lost in the tunnels';
    return [`port ${p.name} (${name}): its MTU is ${mtu}, that of network ${network.path} is ${network.mtu}: ${lost}`];
  });
  const trunks = rows.interfaces.filter(({ external_ids }) => external_ids[TUNNEL_KEY] === 'trunk');
  const links = [...uplinks(rows), ...trunks].flatMap(({ name, mtu }) =>
    mtu === undefined || mtu >= underlay.mtu
      ? []
      : [
          `link ${name}: its MTU is ${mtu}, that of the underlay is ${underlay.mtu}: larger packets of the underlay are lost there`,
        ],
  );
  return [...guests, ...links];
}

/**
 * Table 0 · classify: where does this packet come from, and whose is it?
 *
 *   match                                         → action
 *   in_port = VM port P, no VLAN tag              → reg_network, reg_in; goto port_security
 *   … where P has a rate                          → through P's meter first
 *   … the destination of a migration              → the same, but goto arrival
 *   in_port = VM port                             → drop vlan_tagged
 *   in_port = tunnel, tun_src = VTEP, tun_id = K  → reg_network = K; goto from_tunnel   (never towards a tunnel again)
 *   … by an IP tunnel                             → the same, but goto routed
 *   … from a gateway of N                         → the same, and find the gateway in use; goto by_gateway
 *   … and this host is a gateway of N             → the same, but goto to_vlan
 *   in_port = tunnel, key 0, UDP 3784, peer       → counted: BFD, handled by ovs-vswitchd itself
 *   in_port = flow tunnel, key 0, UDP 49784, VTEP → meter; to the controller: its own probe of the path, and nowhere else
 *   in_port = tunnel, key 0                       → drop tunnel_key_zero
 *   in_port = tunnel, tun_src = VTEP              → drop tunnel_key
 *   in_port = tunnel                              → drop tunnel_source
 *   in_port = trunk, VLAN id K, from a MAC of N   → pop the tag; reg_network = N; goto from_tunnel  (a port elsewhere)
 *   … and this host is a gateway of N             → the same, but goto from_vlan
 *   in_port = trunk, VLAN id K                    → drop trunk_source
 *   in_port = trunk, two tags / no id / the rest  → drop trunk_double_tag / trunk_untagged / trunk_vlan
 *   otherwise                                     → drop no_identity
 *
 * Over IPv6 the field is tun_ipv6_src. NVGRE has the network's VSID in the upper 24 bits of the GRE key, and below it a
 * FlowID that says nothing about the network: tun_id = VSID<<8 with mask 0xffffff00. A frame of the trunk does not say
 * which host sent it; its source MAC address must be that of a port of the network which is on another host.
 */

import { networkNumber } from '../../topology/index.js';
import { findGateway, fromVtep, isRouted, VLAN_PRESENT, withKey } from '../actions.js';
import { type Action, ETH_TYPE_IP, IPPROTO_UDP, mac, UDP_BFD, UDP_PROBE } from '../fields.js';
import { PROBE_METER, rateMeter } from '../meters.js';
import { TO_CONTROLLER } from '../punt.js';
import { reg_in, reg_network } from '../registers.js';
import { table } from '../table.js';
import type { Peer, TunnelPort } from '../view.js';
import { arrival } from './05-arrival.js';
import { portSecurity } from './10-port-security.js';
import { routed } from './34-routed.js';
import { byGateway } from './37-by-gateway.js';
import { fromVlan } from './38-from-vlan.js';
import { toVlan } from './39-to-vlan.js';
import { fromTunnel } from './40-from-tunnel.js';

/** The EtherTypes of a second tag: IEEE 802.1Q, 802.1ad, and what was used before that. */
const TAGS = [0x8100, 0x88a8, 0x9100] as const;

/** What comes by a trunk and is no network's. */
const strayFrames = ({ name, ofport }: TunnelPort) => [
  ...TAGS.map(
    (tag) =>
      ({
        priority: 110,
        match: { in_port: { value: ofport }, eth_type: { value: tag } },
        drop: 'trunk_double_tag',
        why: `trunk ${name} carries frames with one tag`,
      }) as const,
  ),
  {
    priority: 20,
    match: { in_port: { value: ofport }, vlan_vid: { value: VLAN_PRESENT, mask: VLAN_PRESENT } },
    drop: 'trunk_vlan',
    why: `no network on this host has that VLAN id on trunk ${name}`,
  } as const,
  ...[0, VLAN_PRESENT].map(
    (none) =>
      ({
        priority: 30,
        match: { in_port: { value: ofport }, vlan_vid: { value: none } },
        drop: 'trunk_untagged',
        why: `trunk ${name} carries frames with a VLAN id`,
      }) as const,
  ),
];

/** What comes by a tunnel port from nobody. */
const strayTunnels = ({ name, ofport }: TunnelPort) =>
  [
    {
      priority: 60,
      match: { in_port: { value: ofport }, tun_id: { value: 0n } },
      drop: 'tunnel_key_zero',
      why: `key 0 is nobody's, on tunnel port ${name} too`,
    },
    {
      priority: 10,
      match: { in_port: { value: ofport } },
      drop: 'tunnel_source',
      why: `on tunnel port ${name} only hosts of this host's networks may send`,
    },
  ] as const;

const identity = (network: number, ofport: number): readonly Action[] => [
  { kind: 'set_field', field: reg_network, value: network },
  { kind: 'set_field', field: reg_in, value: ofport },
];

/** What another host sends for a network by a tunnel. */
const peerFlow = ({ network, host, vtep, tunnel, wire, gateways, joins }: Peer) => ({
  priority: 100,
  match: { in_port: { value: tunnel.ofport }, ...fromVtep(vtep), ...withKey(wire) },
  actions: [
    { kind: 'set_field', field: reg_network, value: networkNumber(network) } as const,
    ...(gateways === undefined ? [] : [findGateway(gateways)]),
  ],
  goto: joins ? toVlan : gateways !== undefined ? byGateway : isRouted(wire) ? routed : fromTunnel,
  why:
    gateways === undefined
      ? `host ${host} has a port of ${network.path} and may send with its ${wire.encapsulation} key ${wire.key}`
      : `host ${host} is a gateway of ${network.path} and may send with its ${wire.encapsulation} key ${wire.key}`,
});

/** What hosts say to each other by a tunnel for the underlay's own sake: UDP with key 0, which is no network's. */
const ofTheUnderlay = (tunnel: TunnelPort, vtep: string, port: number) => ({
  in_port: { value: tunnel.ofport },
  ...fromVtep(vtep),
  tun_id: { value: 0n },
  eth_type: { value: ETH_TYPE_IP },
  ip_proto: { value: IPPROTO_UDP },
  udp_dst: { value: port },
});

export const classify = table({
  id: 0,
  name: 'classify',
  question: 'Where does this packet come from, and whose is it?',
  matches: ['in_port', 'eth_src', 'vlan_vid', 'tun_src', 'tun_ipv6_src', 'tun_id', 'eth_type', 'ip_proto', 'udp_dst'],

  host: () => [{ priority: 0, match: {}, drop: 'no_identity', why: 'a port that is bound to no VM forwards nothing' }],

  port: ({ network, port, ofport, arriving }) => [
    {
      priority: 100,
      match: { in_port: { value: ofport }, vlan_vid: { value: 0 } },
      ...(port.qos?.rate === undefined ? {} : { meter: rateMeter(ofport) }),
      actions: identity(networkNumber(network), ofport),
      goto: arriving === true ? arrival : portSecurity,
      why: `VM port ${port.name} belongs to ${network.path}`,
    },
    {
      priority: 50,
      match: { in_port: { value: ofport } },
      drop: 'vlan_tagged',
      why: `VM port ${port.name} may not send VLAN tags`,
    },
  ],

  sender: ({ network, port, host, tunnel, wire, joins }) => {
    if (!tunnel.trunk) return [];
    return [
      {
        priority: 100,
        match: {
          in_port: { value: tunnel.ofport },
          vlan_vid: { value: VLAN_PRESENT | wire.key },
          eth_src: { value: mac(port.mac) },
        },
        actions: [{ kind: 'pop_vlan' }, { kind: 'set_field', field: reg_network, value: networkNumber(network) }],
        goto: joins ? fromVlan : fromTunnel,
        why: `${port.name} of ${network.path} is on host ${host} and may send with VLAN id ${wire.key}`,
      },
    ];
  },

  network: ({ network, segments = [] }) =>
    segments.map(({ tunnel, wire }) => ({
      priority: 50,
      match: { in_port: { value: tunnel.ofport }, vlan_vid: { value: VLAN_PRESENT | wire.key } },
      drop: 'trunk_source',
      why: `no port of ${network.path} on another host has that source MAC address`,
    })),

  peer: (peer) => [peerFlow(peer)],

  vtep: ({ tunnel, vtep, host }) => [
    {
      priority: 50,
      match: { in_port: { value: tunnel.ofport }, ...fromVtep(vtep) },
      drop: 'tunnel_key',
      why: `host ${host} has no port of a network with any other key`,
    },
    ...(tunnel.remoteVtep === undefined
      ? [
          {
            priority: 80,
            match: ofTheUnderlay(tunnel, vtep, UDP_PROBE),
            meter: PROBE_METER.meter_id,
            actions: TO_CONTROLLER,
            why: `the controller's own probe of the path from ${host}: it comes back to the controller alone`,
          } as const,
        ]
      : [
          {
            priority: 80,
            match: ofTheUnderlay(tunnel, vtep, UDP_BFD),
            why: `BFD of the tunnel to ${host}: ovs-vswitchd answers it, here it is only counted`,
          } as const,
        ]),
  ],

  tunnel: (tunnel) => (tunnel.trunk ? strayFrames(tunnel) : strayTunnels(tunnel)),
});

/**
 * Table 0 · classify: where does this packet come from, and whose is it?
 *
 *   match                                         → action
 *   in_port = VM port P, no VLAN tag              → reg_network, reg_in; goto port_security
 *   … where P has a rate                          → through P's meter first
 *   … the destination of a migration              → the same, but goto arrival
 *   in_port = VM port                             → drop vlan_tagged
 *   in_port = tunnel, tun_src = VTEP, tun_id = K  → reg_network = K; goto from_tunnel   (never towards a tunnel again)
 *   in_port = tunnel, key 0, UDP 3784, peer       → counted: BFD, handled by ovs-vswitchd itself
 *   in_port = tunnel, key 0                       → drop tunnel_key_zero
 *   in_port = tunnel, tun_src = VTEP              → drop tunnel_key
 *   in_port = tunnel                              → drop tunnel_source
 *   otherwise                                     → drop no_identity
 *
 * Over IPv6 the field is tun_ipv6_src. NVGRE has the network's VSID in the upper 24 bits of the GRE key, and below it a
 * FlowID that says nothing about the network: tun_id = VSID<<8 with mask 0xffffff00.
 */
import { fromVtep, withKey } from '../actions.js';
import { type Action, ETH_TYPE_IP, IPPROTO_UDP, UDP_BFD } from '../fields.js';
import { rateMeter } from '../meters.js';
import { reg_in, reg_network } from '../registers.js';
import { table } from '../table.js';
import { arrival } from './05-arrival.js';
import { portSecurity } from './10-port-security.js';
import { fromTunnel } from './40-from-tunnel.js';

const identity = (network: number, ofport: number): readonly Action[] => [
  { kind: 'set_field', field: reg_network, value: network },
  { kind: 'set_field', field: reg_in, value: ofport },
];

export const classify = table({
  id: 0,
  name: 'classify',
  question: 'Where does this packet come from, and whose is it?',
  matches: ['in_port', 'vlan_vid', 'tun_src', 'tun_ipv6_src', 'tun_id', 'eth_type', 'ip_proto', 'udp_dst'],

  host: () => [{ priority: 0, match: {}, drop: 'no_identity', why: 'a port that is bound to no VM forwards nothing' }],

  port: ({ network, port, ofport, arriving }) => [
    {
      priority: 100,
      match: { in_port: { value: ofport }, vlan_vid: { value: 0 } },
      ...(port.qos?.rate === undefined ? {} : { meter: rateMeter(ofport) }),
      actions: identity(network.key, ofport),
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

  peer: ({ network, host, vtep, tunnel, wire }) => [
    {
      priority: 100,
      match: {
        in_port: { value: tunnel.ofport },
        ...fromVtep(vtep),
        ...withKey(wire),
      },
      actions: [{ kind: 'set_field', field: reg_network, value: network.key }],
      goto: fromTunnel,
      why: `host ${host} has a port of ${network.path} and may send with its ${wire.encapsulation} key ${wire.key}`,
    },
  ],

  vtep: ({ tunnel, vtep, host }) => [
    {
      priority: 50,
      match: { in_port: { value: tunnel.ofport }, ...fromVtep(vtep) },
      drop: 'tunnel_key',
      why: `host ${host} has no port of a network with any other key`,
    },
    ...(tunnel.remoteVtep === undefined
      ? []
      : [
          {
            priority: 80,
            match: {
              in_port: { value: tunnel.ofport },
              ...fromVtep(vtep),
              tun_id: { value: 0n },
              eth_type: { value: ETH_TYPE_IP },
              ip_proto: { value: IPPROTO_UDP },
              udp_dst: { value: UDP_BFD },
            },
            why: `BFD of the tunnel to ${host}: ovs-vswitchd answers it, here it is only counted`,
          } as const,
        ]),
  ],

  tunnel: ({ name, ofport }) => [
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
  ],
});

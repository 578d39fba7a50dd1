/**
 * Why a packet can be dropped. Every drop is a flow of its own whose cookie carries the reason's code, so that a plain
 * flow dump holds the counters: drops of reason R on a host = the packets of all flows with R in their cookie.
 * Codes are part of what stands in the switches: never renumber one.
 */
export const DROPS = {
  no_identity: { code: 1, means: 'came in by a port that is bound to no VM of the topology' },
  vlan_tagged: { code: 2, means: 'a VM sent a VLAN tag' },
  mac_spoof: { code: 3, means: 'a VM sent with a source MAC that is not its own' },
  ip_spoof: { code: 4, means: 'a VM sent with an IPv4 source address that is not its own' },
  arp_spoof: { code: 5, means: 'a VM sent ARP with a sender address (SHA or SPA) that is not its own' },
  ethertype: { code: 6, means: 'a VM sent a protocol that its port may not send' },
  arp_announcement: {
    code: 7,
    means: 'a VM announced its own address: not needed, every address is answered from the topology',
  },
  unknown_unicast: { code: 8, means: 'a VM sent to a MAC address that its network does not have' },
  tunnel_source: { code: 9, means: 'came by a tunnel from an address that is no host of any network here' },
  tunnel_key: { code: 10, means: 'came from a known host with a key that this host and that one do not share' },
  tunnel_key_zero: { code: 11, means: "came by a tunnel with key 0, which is nobody's" },
  tunnel_unicast: { code: 12, means: 'came by a tunnel for a MAC address that is not on this host' },
  guard: { code: 13, means: 'the last check: register, port and destination did not agree' },
  no_network: { code: 14, means: 'reached a lookup without a network that is on this host' },
  ipv6_spoof: { code: 15, means: 'a VM sent with an IPv6 source address that is not its own' },
  ipv6_headers: { code: 16, means: 'a VM sent IPv6 whose chain of headers cannot be read to its end' },
  nd_spoof: {
    code: 17,
    means: 'a VM sent neighbour discovery with a target or link-layer address that is not its own, or from afar',
  },
  nd_announcement: {
    code: 18,
    means: 'a VM asked for, or announced, its own IPv6 address: every address is answered from the topology',
  },
  nd_unanswered: { code: 19, means: 'a VM asked for a known address in a way that flows cannot answer' },
  router_solicitation: { code: 20, means: 'a VM asked for routers' },
  router_advertisement: { code: 21, means: 'a VM spoke as a router' },
  redirect: { code: 22, means: 'a VM redirected others as only a router may' },
  dhcp_server: { code: 23, means: 'a VM spoke as a DHCP or DHCPv6 server' },
  foreign_destination: { code: 24, means: "had a VM's MAC address, and an IP address that is not that VM's" },
  broadcast_rate: { code: 25, means: 'broadcast or multicast above the rate of its port; its meter counts it' },
  port_rate: { code: 26, means: 'above the rate of its port; its meter counts it' },
  punt_rate: { code: 27, means: 'a VM asked the controller more often than its port may; its meter counts it' },
  dhcp_client: { code: 28, means: 'a VM asked for an address in a network that gives out none' },
  trunk_untagged: { code: 29, means: 'came by the trunk without a VLAN id' },
  trunk_vlan: { code: 30, means: 'came by the trunk with the id of no network that is on this host' },
  trunk_source: {
    code: 31,
    means: "came by the trunk with a network's id, from a MAC address that is no port of it on another host",
  },
  trunk_double_tag: { code: 32, means: 'came by the trunk with a tag behind its tag' },
  not_routed: {
    code: 33,
    means: 'a VM sent by an IP tunnel what is no IP, or for an IP address that is not the one of its MAC address',
  },
  routed_broadcast: { code: 34, means: 'broadcast or multicast that no IP tunnel carries: to the ports here only' },
  routed_source: {
    code: 35,
    means: 'came by an IP tunnel from an address that is no port of its network on that host',
  },
  routed_destination: { code: 36, means: 'came by an IP tunnel for an address that is not on this host' },
  routed_protocol: { code: 37, means: 'came by an IP tunnel and is neither IPv4 nor IPv6' },
  gateway_standby: { code: 38, means: 'came from a gateway other than the one that this host uses now' },
  no_gateway: { code: 39, means: 'for the VLAN half of its network, to whose gateways no tunnel works' },
  no_flood: { code: 40, means: 'broadcast or multicast of a network that is too large for it (`status` names it)' },
  not_across: { code: 41, means: 'came to a gateway and is for no port on the other half of its network' },
  probe_rate: { code: 42, means: 'probes between hosts above what the controller is asked at most' },
} as const;

export type DropReason = keyof typeof DROPS;

const BY_CODE = new Map<number, DropReason>(
  (Object.keys(DROPS) as DropReason[]).map((reason) => [DROPS[reason].code, reason]),
);

/** The reason of a code, undefined for 0 (no drop) and unknown codes. */
export const dropReason = (code: number): DropReason | undefined => BY_CODE.get(code);

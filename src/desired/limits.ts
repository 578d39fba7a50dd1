/**
 * What a switch cannot hold or do, reckoned before anything is sent. Past these bounds Open vSwitch 3.1.0 does not refuse:
 * it loses copies of a broadcast, drops the packet, or ends (each was tried). Pure.
 *
 *  - A network whose broadcasts a host could not replicate is refused flooding there, by name; all else of it goes on.
 *  - Anything else that is too large is told and nothing is sent to that host.
 */
import { encodeMessage } from 'ts-openflow';
import { TABLES } from '../pipeline/index.js';
import { ENCAPSULATIONS, largestKey, type Network, type Way } from '../topology/index.js';
import type { DesiredFlow, Part } from './state.js';

/** Each with what happens past it. */
export const LIMITS = {
  /** Octets of a group's description: reading back 64 KiB or more ends ovs-vswitchd. */
  groupDescription: 60_000,
  /** Octets of datapath actions for one packet: past 64 kB the rest of the copies is lost. */
  replication: 60_000,
  /** Resubmits and table lookups of one packet: past 4,096 it is dropped. */
  resubmits: 4_000,
  /** Octets of one flow_mod; the length field of OpenFlow has 16 bits (OpenFlow 1.5.1 clause 7.1.1). */
  message: 65_000,
  /** Flows of one table: what OFPMP_TABLE_DESC and ovs-vswitchd's classifier are made for (max_entries, 1,000,000). */
  flowsPerTable: 1_000_000,
  /** Ports of one bridge: numbers that ovs-vswitchd gives by itself (alloc_ofp_port). */
  ofports: 32_767,
} as const;

/** A network's broadcasts on one host: where their copies go. */
export interface Flooding {
  readonly network: Network;
  /** One for each other host with a port of the network: the way of the copy. */
  readonly copies: readonly Way[];
  readonly family: 'ipv4' | 'ipv6';
  /** Its ports on this host. */
  readonly ports: number;
}

const OPENFLOW_15 = 6;

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** On a VLAN push_vlan (8), set_field (16), output (16) and pop_vlan (8); else set_field of tun_id (16) and, without a port per peer, of tun_dst (16; IPv6 24), output (16), after 8 of the bucket. */
export const bucketOctets = (way: Way, family: 'ipv4' | 'ipv6'): number =>
  way.encapsulation === 'vlan'
    ? 8 + 8 + 16 + 16 + 8
    : 8 + 16 + (way.tunnels === 'mesh' ? 0 : family === 'ipv4' ? 16 : 24) + 16;

const padded = (octets: number): number => Math.ceil(octets / 4) * 4;

/**
 * clone (4) of tnl_push (4 + 16 and the outer headers, Ethernet 14 included) and output (8), as the userspace datapath has
 * it (odp_put_tnl_push_action); the kernel's set(tunnel) and output are less.
 */
export function copyOctets(way: Way, family: 'ipv4' | 'ipv6'): number {
  // push_vlan, output, pop_vlan
  if (way.encapsulation === 'vlan') return 8 + 8 + 4;
  // Between the outer IP header and the VM's, less the VM's Ethernet header, which is the packet's own.
  const tunnel = ENCAPSULATIONS[way.encapsulation].header - (way.encapsulation === 'ip-tunnel' ? 0 : 14);
  return 4 + padded(4 + 16 + 14 + (family === 'ipv4' ? 20 : 40) + tunnel) + 8;
}

const LOCAL_COPY_OCTETS = 8;
/** Before a broadcast is replicated: tables passed, with some to spare. */
const TABLES_PASSED = 16;
/** In table flood, for each port: set_field of a register (16) and resubmit (16); around them the flow_mod itself. */
const FLOOD_FLOW_OCTETS = { port: 32, rest: 200 };

/** Why a network's broadcasts cannot be replicated on a host; undefined when they can. */
export function floodRefusal({ network, copies, family, ports }: Flooding): string | undefined {
  const checks: readonly (readonly [value: number, limit: number, what: string])[] = [
    [16 + sum(copies.map((way) => bucketOctets(way, family))), LIMITS.groupDescription, 'octets of group description'],
    [
      sum(copies.map((way) => copyOctets(way, family))) + ports * LOCAL_COPY_OCTETS,
      LIMITS.replication,
      'octets of datapath actions for one packet',
    ],
    [TABLES_PASSED + copies.length + ports, LIMITS.resubmits, 'resubmits for one packet'],
    [FLOOD_FLOW_OCTETS.rest + ports * FLOOD_FLOW_OCTETS.port, LIMITS.message, 'octets of one flow_mod'],
  ];
  const over = checks.find(([value, limit]) => value > limit);
  if (over === undefined) return undefined;
  const [value, limit, what] = over;
  return (
    `network ${network.path}: no broadcast and multicast: copies to ${copies.length} hosts and ${ports} ports here ` +
    `take ${value} ${what}, the limit is ${limit}; unicast, ARP and ND go on`
  );
}

/** A flow_mod with fewer actions than this is never too long; the longest of the pipeline has 48 octets. */
const ACTIONS_AT_ONCE = 500;

/** Octets of the flow_mod, match and all; reckoned only where it may be too long, else 0. */
export function messageOctets({ match, instructions }: Pick<DesiredFlow, 'match' | 'instructions'>): number {
  const apply = instructions.find((i) => i.kind === 'apply_actions');
  const actions = apply?.actions ?? [];
  if (actions.length < ACTIONS_AT_ONCE) return 0;
  let octets = 0;
  // In parts: the encoder refuses what does not fit in a message.
  for (let at = 0; at < actions.length; at += ACTIONS_AT_ONCE) {
    const part = [{ kind: 'apply_actions' as const, actions: actions.slice(at, at + ACTIONS_AT_ONCE) }];
    octets += encodeMessage({ kind: 'FlowMod', command: 'ADD', match, instructions: part }, OPENFLOW_15).length;
  }
  return octets;
}

/** Keys that the encapsulation of their network does not have room for. */
export const keyExcesses = (networks: readonly Network[]): string[] =>
  networks.flatMap(({ path, encapsulation, key }) =>
    Number.isInteger(key) && key >= 1 && key <= largestKey(encapsulation)
      ? []
      : [`network ${path}: tunnel key ${key} is not within 1 to ${largestKey(encapsulation)} (${encapsulation})`],
  );

const FITS: readonly string[] = [];

/** Flows that are too long for a message. */
export function partExcesses(parts: readonly Part[]): readonly string[] {
  const found: string[] = [];
  for (const part of parts)
    for (const { octets, owner, why } of part)
      if (octets > LIMITS.message)
        found.push(`${owner.id}: a flow_mod of ${octets} octets (${why}), the limit is ${LIMITS.message}`);
  return found.length === 0 ? FITS : found;
}

/** Tables with more flows than they are made for. */
export function tooManyFlows(flows: readonly DesiredFlow[]): readonly string[] {
  const counts = new Map<number, number>();
  for (const { table_id } of flows) counts.set(table_id, (counts.get(table_id) ?? 0) + 1);
  return TABLES.flatMap(({ id, name }) => {
    const count = counts.get(id) ?? 0;
    return count <= LIMITS.flowsPerTable ? [] : [`table ${name}: ${count} flows, the limit is ${LIMITS.flowsPerTable}`];
  });
}

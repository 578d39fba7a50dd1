/**
 * A flow's match in plain words: "IPv4 packets that red-vm1 sends with source MAC … from 192.168.0.1". Registers, ports
 * and tunnel addresses get the names that the installation gives them; a field without words of its own stands as
 * `field=value`, so that nothing of a match is left out.
 */
import { reg_in, reg_network, reg_out } from '../pipeline/index.js';
import type { FlowSet } from './model.js';
import { valueText } from './text.js';
import { fieldAt, pieces, readField, WORDS, wordOf } from './words.js';

/** What people call what stands in a match. */
export interface MatchNames {
  /** By OpenFlow port number; `tunnel` for a port that leads to other hosts. */
  readonly port: (ofport: number) => { readonly name: string; readonly tunnel: boolean } | undefined;
  /** Path of the network with this key. */
  readonly network: (key: number) => string | undefined;
  /** The host with this tunnel address, written as OVS writes it. */
  readonly host: (address: string) => string | undefined;
}

interface Asked {
  readonly value: bigint;
  readonly mask: bigint;
  readonly whole: boolean;
}
type Fields = Map<string, Asked>;

const CONTROLLER = 0xfffffffd;
const MULTICAST_BIT = 1n << 40n;
const UNTAGGED = 0x1fffn;

/** The fields that a flow matches. */
function fieldsOf(flows: FlowSet, flow: number): Fields {
  const values = new Int32Array(WORDS);
  const masks = new Int32Array(WORDS);
  const names = new Set<string>();
  for (let at = flows.termsAt(flow); at < flows.codeAt(flow); at += 3) {
    const word = flows.body[at] as number;
    values[word] = flows.body[at + 1] as number;
    masks[word] = flows.body[at + 2] as number;
    names.add(fieldAt(word));
  }
  return new Map(
    [...names].map((name) => {
      if (name === 'vlan_tci') {
        const word = wordOf(name);
        const mask = BigInt((masks[word] as number) >>> 0);
        return [name, { value: BigInt((values[word] as number) >>> 0), mask, whole: mask === 0xffffn }];
      }
      const mask = readField(masks, name);
      const width = pieces(name)?.reduce((sum, piece) => sum + piece.width, 0) ?? 0;
      return [name, { value: readField(values, name), mask, whole: mask === (1n << BigInt(width)) - 1n }];
    }),
  );
}

/** Takes a field out where it is matched whole. */
function take(fields: Fields, name: string): bigint | undefined {
  const found = fields.get(name);
  if (found?.whole !== true) return undefined;
  fields.delete(name);
  return found.value;
}

const ICMPV6: Readonly<Record<string, string>> = {
  130: 'MLD queries',
  131: 'MLD reports',
  132: 'MLD leave messages',
  133: 'router solicitations',
  134: 'router advertisements',
  135: 'neighbour solicitations',
  136: 'neighbour advertisements',
  137: 'redirects',
  143: 'MLD reports (version 2)',
};
const PROTOCOLS: Readonly<Record<string, string>> = { 1: 'ICMP', 6: 'TCP', 17: 'UDP', 58: 'ICMPv6', 132: 'SCTP' };
const ETHER_TYPES: Readonly<Record<string, string>> = { 2048: 'IPv4', 34525: 'IPv6', 32821: 'RARP' };

function arpNoun(fields: Fields): string {
  const op = take(fields, 'arp_op');
  if (op === undefined) return 'ARP packets';
  return op === 1n ? 'ARP requests' : op === 2n ? 'ARP replies' : `ARP packets with operation ${op}`;
}

function ipNoun(fields: Fields, family: string): string {
  const proto = take(fields, 'ip_proto');
  if (proto === undefined) return `${family} packets`;
  if (proto === 0n && family === 'IPv6') return 'IPv6 packets whose chain of headers cannot be read';
  const name = PROTOCOLS[String(proto)];
  if (name === undefined) return `${family} packets of protocol ${proto}`;
  const type = proto === 58n ? take(fields, 'icmpv6_type') : undefined;
  if (type !== undefined) return ICMPV6[String(type)] ?? `ICMPv6 packets of type ${type}`;
  const to = proto === 17n ? take(fields, 'udp_dst') : proto === 6n ? take(fields, 'tcp_dst') : undefined;
  const over = proto === 58n || proto === 1n ? '' : ` over ${family}`;
  return `${name} packets${over}${to === undefined ? '' : ` to port ${to}`}`;
}

/** What kind of packets. */
function noun(fields: Fields): string {
  const tci = fields.get('vlan_tci');
  const untagged = tci !== undefined && tci.value === 0n && tci.mask === UNTAGGED;
  if (untagged) fields.delete('vlan_tci');
  const type = take(fields, 'eth_type');
  const family = ETHER_TYPES[String(type)];
  const kind =
    type === undefined
      ? 'packets'
      : type === 0x0806n
        ? arpNoun(fields)
        : family === undefined
          ? `packets of EtherType 0x${type.toString(16)}`
          : family === 'RARP'
            ? 'RARP packets'
            : ipNoun(fields, family);
  return untagged ? `untagged ${kind}` : kind;
}

function fromPort(names: MatchNames, value: bigint): string {
  if (value === BigInt(CONTROLLER)) return 'that the controller sends in';
  const port = names.port(Number(value));
  if (port === undefined) return `that come by port ${value}`;
  return port.tunnel ? `that come by tunnel port ${port.name}` : `that ${port.name} sends`;
}

type Say = (value: bigint, names: MatchNames, field: string) => string;
const plain =
  (words: string): Say =>
  (value, _names, field) =>
    `${words} ${valueText(field, value)}`;
const option: Say = (value, _names, field) =>
  value === 0n ? 'without a link-layer address in it' : `with link-layer address ${valueText(field, value)} in it`;
const fromHost: Say = (value, names, field) => {
  const address = valueText(field, value);
  const host = names.host(address);
  return host === undefined ? `from the tunnel address ${address}` : `from host ${host}`;
};

/** In the order in which they are said. */
const SAID: readonly (readonly [string, Say])[] = [
  [reg_network, (value, names) => `of ${names.network(Number(value)) ?? `the network with key ${value}`}`],
  ['in_port', (value, names) => fromPort(names, value)],
  [reg_in, (value, names) => fromPort(names, value)],
  ['tun_src', fromHost],
  ['tun_ipv6_src', fromHost],
  ['tun_id', (value) => `with tunnel key ${value}`],
  [reg_out, (value, names) => `on their way to ${names.port(Number(value))?.name ?? `port ${value}`}`],
  ['eth_src', plain('with source MAC')],
  ['eth_dst', plain('for MAC')],
  ['arp_sha', plain('with sender MAC')],
  ['ip_src', plain('from')],
  ['ipv6_src', plain('from')],
  ['arp_spa', plain('from')],
  ['ip_dst', plain('for')],
  ['ipv6_dst', plain('for')],
  ['arp_tpa', plain('about')],
  ['nd_target', plain('about')],
  ['nd_sll', option],
  ['nd_tll', option],
  ['nw_ttl', (value) => `with hop limit ${value}`],
];

/** The packets that a flow matches, in words. */
export function matchWords(flows: FlowSet, flow: number, names: MatchNames): string {
  const fields = fieldsOf(flows, flow);
  const kind = noun(fields);
  const to = fields.get('eth_dst');
  const toAll = to !== undefined && to.mask === MULTICAST_BIT && to.value === MULTICAST_BIT;
  if (toAll) fields.delete('eth_dst');
  const said = SAID.flatMap(([field, say]) => {
    const value = take(fields, field);
    return value === undefined ? [] : [say(value, names, field)];
  });
  const raw = [...fields].map(
    ([field, { value, mask, whole }]) =>
      `with ${field}=${valueText(field, value)}${whole ? '' : `/${valueText(field, mask)}`}`,
  );
  return [kind, ...said, ...(toAll ? ['to everybody or a group'] : []), ...raw].join(' ');
}

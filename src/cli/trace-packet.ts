/** The packet that `kakuri trace` follows: from the two ports, and from what the command line says of it. */
import { ipv4, ipv6, parseMatch, TextError } from 'ts-openflow';
import type { Network, Port, Topology } from '../topology/index.js';
import { emptyPacket, writeField } from '../verify/index.js';
import { CliError } from './errors.js';

export interface PacketOptions {
  readonly packet?: string;
  readonly tcp?: number;
  readonly udp?: number;
  readonly arp?: boolean;
}

export interface PlacedPort {
  readonly network: Network;
  readonly port: Port;
}

/** The port with this path (TENANT/NETWORK/PORT) or name. Throws CliError 2, naming the candidates where there are several. */
export function portNamed({ networks }: Topology, name: string): PlacedPort {
  const all = networks.flatMap((network) => network.ports.map((port) => ({ network, port })));
  const exact = all.find(({ port }) => port.path === name);
  const found = exact === undefined ? all.filter(({ port }) => port.name === name || port.ifaceId === name) : [exact];
  const [first] = found;
  if (first === undefined) throw new CliError(`no port ${name}: kakuri status lists them`, 2);
  if (found.length > 1)
    throw new CliError(`${name} is several ports: say ${found.map(({ port }) => port.path).join(' or ')}`, 2);
  return first;
}

/** Where the packet shall go: a port, or an address of the sender's network. */
interface Target {
  readonly mac: string | undefined;
  readonly ip: string | undefined;
}

const isAddress = (text: string): boolean => /^[\d.]+$|:/.test(text);

function targetOf(topology: Topology, from: PlacedPort, to: string): Target {
  if (!isAddress(to)) {
    const { port } = portNamed(topology, to);
    const family = port.ips.find((ip) => from.port.ips.some((own) => own.includes(':') === ip.includes(':')));
    return { mac: port.mac, ip: family ?? port.ips[0] };
  }
  const owner = from.network.ports.find((port) => port.ips.includes(to));
  return { mac: owner?.mac, ip: to };
}

const macValue = (text: string): bigint => BigInt(`0x${text.replaceAll(':', '')}`);
const BROADCAST = 0xffffffffffffn;

function put(words: Int32Array, values: Readonly<Record<string, number | bigint>>): void {
  for (const [field, value] of Object.entries(values)) writeField(words, field, value);
}

/** The address by which a port speaks to another of that family. */
function ownAddress({ port }: PlacedPort, to: string): string {
  const own = port.ips.find((ip) => ip.includes(':') === to.includes(':'));
  if (own === undefined)
    throw new CliError(`${port.path} has no address of the family of ${to}: give the packet with --packet`, 2);
  return own;
}

function askWho(words: Int32Array, from: PlacedPort, ip: string): void {
  if (ip.includes(':')) throw new CliError('--arp asks for an IPv4 address; for IPv6 give the packet with --packet', 2);
  put(words, {
    eth_dst: BROADCAST,
    eth_type: 0x0806,
    arp_op: 1,
    arp_sha: macValue(from.port.mac),
    arp_spa: ipv4(ownAddress(from, ip)),
    arp_tpa: ipv4(ip),
  });
}

const CLIENT_PORT = 40_000;

function speak(words: Int32Array, from: PlacedPort, ip: string, { tcp, udp }: PacketOptions): void {
  const own = ownAddress(from, ip);
  if (ip.includes(':')) put(words, { eth_type: 0x86dd, ipv6_src: ipv6(own), ipv6_dst: ipv6(ip), nw_ttl: 64 });
  else put(words, { eth_type: 0x0800, ip_src: ipv4(own), ip_dst: ipv4(ip), nw_ttl: 64 });
  if (tcp !== undefined) put(words, { ip_proto: 6, tcp_src: CLIENT_PORT, tcp_dst: tcp, tcp_flags: 2 });
  else if (udp !== undefined) put(words, { ip_proto: 17, udp_src: CLIENT_PORT, udp_dst: udp });
  else if (ip.includes(':')) put(words, { ip_proto: 58, icmpv6_type: 128 });
  else put(words, { ip_proto: 1, icmp_type: 8 });
}

/** What --packet says over what was made so far. Throws CliError 2 with the column. */
function override(words: Int32Array, text: string): void {
  let match: ReturnType<typeof parseMatch>;
  try {
    match = parseMatch(text, { version: 6 });
  } catch (error) {
    if (error instanceof TextError) throw new CliError(`--packet:1:${error.column}: ${error.expected}`, 2);
    throw error;
  }
  const values = Object.entries(match).map(([field, value]) => [field, (value as { value: number | bigint }).value]);
  put(words, Object.fromEntries(values));
}

/** The packet. Without `to` it is what --packet says, with the sender's MAC address. */
export function packetFor(
  topology: Topology,
  from: PlacedPort,
  to: string | undefined,
  options: PacketOptions,
): Int32Array {
  const words = emptyPacket();
  put(words, { eth_src: macValue(from.port.mac) });
  const target = to === undefined ? undefined : targetOf(topology, from, to);
  if (target === undefined && options.packet === undefined)
    throw new CliError('where to? Name a port or an address, or give a packet with --packet', 2);
  if (target?.mac !== undefined) put(words, { eth_dst: macValue(target.mac) });
  if (target !== undefined && options.packet === undefined) {
    if (target.ip === undefined) throw new CliError(`${to} has no address: give the packet with --packet`, 2);
    if (options.arp === true) askWho(words, from, target.ip);
    else speak(words, from, target.ip, options);
    if (target.mac === undefined && options.arp !== true)
      throw new CliError(
        `${from.network.path} has no port with address ${target.ip}: give the packet with --packet`,
        2,
      );
  }
  if (options.packet !== undefined) override(words, options.packet);
  return words;
}

/**
 * Addresses as a topology file writes them: MAC, IPv4 and IPv6 addresses, subnets, and OVSDB server addresses. Each kind
 * has a `…Fault`, which says in a few words what is wrong with a text (undefined: nothing is), and readers for texts
 * without fault.
 */
import ipaddr from 'ipaddr.js';

export type Ip = ipaddr.IPv4 | ipaddr.IPv6;
export interface Subnet {
  readonly first: Ip;
  readonly prefix: number;
}

/** Ranges of ipaddr.js of which no address is one machine's. */
const NOT_UNICAST: Record<string, string> = {
  unspecified: 'the unspecified address',
  broadcast: 'the broadcast address',
  multicast: 'a multicast address',
  loopback: 'a loopback address',
  ipv4Mapped: 'an IPv4 address inside an IPv6 address: write the IPv4 address',
};

export function macFault(text: string): string | undefined {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) return 'write six octets like "02:00:00:00:01:01"';
  if (/^00(:00){5}$/.test(text)) return 'the zero address is no port\'s: take one like "02:00:00:00:01:01"';
  // IEEE 802, 8.2.2: the lowest bit of the first octet marks a group.
  if ((Number.parseInt(text.slice(0, 2), 16) & 1) === 1) return 'a multicast address: the first octet must be even';
  return undefined;
}

/** `text` read as an address, if it is one: four decimal parts, or IPv6 without a zone. */
function readIp(text: string): Ip | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (text.includes(':') && !text.includes('%') && ipaddr.IPv6.isValid(text)) return ipaddr.IPv6.parse(text);
  return undefined;
}

export function ipFault(text: string): string | undefined {
  const ip = readIp(text);
  if (ip === undefined) return 'write one IPv4 or IPv6 address like 192.168.0.1 or "fd00:1::1"';
  return NOT_UNICAST[ip.range()];
}

/** The address of a text without fault. */
export function ipOf(text: string): Ip {
  const ip = readIp(text);
  if (ip === undefined) throw new RangeError(`not an IP address: ${text}`);
  return ip;
}

/** RFC 5952 for IPv6. */
export function ipText(ip: Ip): string {
  return ip instanceof ipaddr.IPv6 ? ip.toRFC5952String() : ip.toString();
}

function bits(ip: Ip): number {
  return ip.kind() === 'ipv4' ? 32 : 128;
}

/** `ip` with every bit from `prefix` on set to `bit`. */
function withHostBits(ip: Ip, prefix: number, bit: 0 | 1): Ip {
  const octets = ip.toByteArray().map((octet, index) => {
    const host = 0xff >> Math.min(8, Math.max(0, prefix - index * 8));
    return bit === 1 ? octet | host : octet & ~host & 0xff;
  });
  return ipaddr.fromByteArray(octets);
}

function readSubnet(text: string): { readonly ip: Ip; readonly prefix: number } | undefined {
  const [, address = '', digits = ''] = /^([^/]+)\/(0|[1-9][0-9]{0,2})$/.exec(text) ?? [];
  const ip = readIp(address);
  const prefix = Number(digits);
  return ip === undefined || prefix > bits(ip) ? undefined : { ip, prefix };
}

export function subnetFault(text: string): string | undefined {
  const read = readSubnet(text);
  if (read === undefined) return 'write an address and a prefix length like 192.168.0.0/24 or "fd00:1::/64"';
  const first = withHostBits(read.ip, read.prefix, 0);
  if (ipText(first) === ipText(read.ip)) return undefined;
  return `bits after the prefix are set: write ${ipText(first)}/${read.prefix}`;
}

/** The subnet of a text without fault. */
export function subnetOf(text: string): Subnet {
  const read = readSubnet(text);
  if (read === undefined) throw new RangeError(`not a subnet: ${text}`);
  return { first: read.ip, prefix: read.prefix };
}

/** What is wrong with an address or prefix that a port may use besides its own. */
export function allowedFault(text: string): string | undefined {
  if (!text.includes('/')) return ipFault(text);
  if (/\/0+$/.test(text)) return 'that is every address: write ip-checks: false';
  return subnetFault(text) ?? ipFault(text.slice(0, text.indexOf('/')));
}

/** The address or prefix of a text without fault; an address is the prefix of all its bits. */
export function allowedOf(text: string): Subnet {
  if (text.includes('/')) return subnetOf(text);
  const first = ipOf(text);
  return { first, prefix: bits(first) };
}

/** As an address where it is one. */
export const allowedText = (subnet: Subnet): string =>
  subnet.prefix === bits(subnet.first) ? ipText(subnet.first) : subnetText(subnet);

/** A modified EUI-64 of the MAC address (RFC 4291, appendix A). */
function eui64(mac: string): readonly number[] {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = mac.split(':').map((octet) => Number.parseInt(octet, 16));
  return [a ^ 2, b, c, 0xff, 0xfe, d, e, f];
}

/** fe80::/64 with the MAC address as a modified EUI-64, as RFC 5952 writes it. */
export const linkLocal = (mac: string): string =>
  ipText(ipaddr.fromByteArray([0xfe, 0x80, 0, 0, 0, 0, 0, 0, ...eui64(mac)]));

/** The address that a VM with this MAC address makes of a prefix of 64 bits (RFC 4862, 5.5.3). */
export const slaacAddress = (prefix: Subnet, mac: string): string =>
  ipText(ipaddr.fromByteArray([...prefix.first.toByteArray().slice(0, 8), ...eui64(mac)]));

export function subnetText(subnet: Subnet): string {
  return `${ipText(subnet.first)}/${subnet.prefix}`;
}

export function contains(subnet: Subnet, ip: Ip): boolean {
  return subnet.first.kind() === ip.kind() && ipText(withHostBits(ip, subnet.prefix, 0)) === ipText(subnet.first);
}

export function overlap(a: Subnet, b: Subnet): boolean {
  return a.prefix <= b.prefix ? contains(a, b.first) : contains(b, a.first);
}

/**
 * What `ip` is in an IPv4 subnet if no machine may have it there (RFC 1122, 3.2.1.3). Subnets of one or two addresses
 * have neither (RFC 3021).
 */
export function reservedIn(subnet: Subnet, ip: Ip): 'network' | 'broadcast' | undefined {
  if (ip.kind() === 'ipv6' || subnet.prefix > 30 || !contains(subnet, ip)) return undefined;
  const text = ipText(ip);
  if (text === ipText(subnet.first)) return 'network';
  return text === ipText(withHostBits(subnet.first, subnet.prefix, 1)) ? 'broadcast' : undefined;
}

/** ovsdb(7), "Connection Methods": the active ones. */
export function ovsdbFault(text: string): string | undefined {
  const form = 'write unix:PATH, tcp:IP:PORT or ssl:IP:PORT';
  const [, method, rest = ''] = /^([a-z]+):(.*)$/s.exec(text) ?? [];
  if (method === 'ptcp' || method === 'pssl' || method === 'punix') {
    return `${method}: is where a server listens; Kakuri connects to it: write ${method.slice(1)}:…`;
  }
  if (method === 'unix') return unixFault(rest);
  if (method !== 'tcp' && method !== 'ssl') return form;
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:[\]]*)):([0-9]{1,5})$/.exec(rest) ?? [];
  if (port === undefined) return `${form}, with an IPv6 address in brackets and the port given`;
  if (Number(port) < 1 || Number(port) > 65535) return 'a port is 1 to 65535; ovsdb-server commonly has 6640';
  const right = bracketed === undefined ? isHost(plain ?? '') : ipaddr.IPv6.isValid(bracketed);
  return right ? undefined : form;
}

function unixFault(path: string): string | undefined {
  if (path === '') return 'write the path of the socket after unix:';
  // sockaddr_un holds 108 octets with the closing zero: unix(7).
  return Buffer.byteLength(path) > 107 ? 'the path of a socket has at most 107 octets: take a shorter one' : undefined;
}

/** An IPv4 address or a DNS name (RFC 1123, 2.1). */
function isHost(text: string): boolean {
  if (/^[0-9.]*$/.test(text)) return ipaddr.IPv4.isValidFourPartDecimal(text);
  return text.length <= 253 && /^[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*\.?$/i.test(text);
}

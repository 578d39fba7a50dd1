/**
 * DHCPv4 without state: a port's address is the first IPv4 address that the topology gives it, and nothing else, so every
 * answer follows from the question. DISCOVER is answered by OFFER, or by ACK where the client wants it at once (RFC 4039);
 * REQUEST by ACK, or by NAK where it is for another address; INFORM by ACK without an address; DECLINE and RELEASE by
 * nothing, for the address stays the port's.
 */
import { DHCP4, type Dhcp4Message, dhcp4Octets, readDhcp4 } from './dhcp4-message.js';
import { BROADCAST, type Udp, udp4Frame } from './frames.js';
import { type Guest, ipv4s, SERVER } from './guest.js';
import { ipv4Octets, macOctets, u16, u32 } from './octets.js';

const OPTION = {
  mask: 1,
  routers: 3,
  dns: 6,
  mtu: 26,
  requested: 50,
  lease: 51,
  type: 53,
  server: 54,
  rapidCommit: 80,
  routes: 121,
} as const;
const NOWHERE = Buffer.alloc(4);
const [SERVER_PORT, CLIENT_PORT] = [67, 68];
const [FROM_CLIENT, FROM_SERVER] = [1, 2];

const prefixOf = (subnet: string): number => Number(subnet.slice(subnet.indexOf('/') + 1));
const maskOf = (prefix: number): Buffer => u32(2 ** 32 - 2 ** (32 - prefix));

/** Destination descriptors: the prefix's length, its significant octets, the router (RFC 3442). */
const routeOctets = ({ to, via }: { readonly to: string; readonly via: string }): Buffer => {
  const prefix = prefixOf(to);
  const network = ipv4Octets(to.slice(0, to.indexOf('/'))).subarray(0, Math.ceil(prefix / 8));
  return Buffer.concat([Buffer.from([prefix]), network, ipv4Octets(via)]);
};

/** The IPv4 subnet of the network that holds the address. */
function subnetOf({ network }: Guest, address: Buffer): string | undefined {
  const value = address.readUInt32BE();
  return ipv4s(network.subnets).find((subnet) => {
    const [first = '', prefix] = subnet.split('/');
    const size = 2 ** (32 - Number(prefix));
    return Math.floor(value / size) === Math.floor(ipv4Octets(first).readUInt32BE() / size);
  });
}

/** What a VM is told of its network, whatever it asks for. */
function configuration(guest: Guest, address: Buffer): readonly (readonly [number, Buffer])[] {
  const { dhcp, mtu } = guest.network;
  const subnet = subnetOf(guest, address);
  const { gateway, routes = [], dns = [] } = dhcp ?? {};
  // Whoever takes option 121 looks at no other (RFC 3442), so the default router is in both.
  const all = [...routes, ...(gateway === undefined ? [] : [{ to: '0.0.0.0/0', via: gateway }])];
  const servers = ipv4s(dns).map(ipv4Octets);
  return [
    ...(subnet === undefined ? [] : [[OPTION.mask, maskOf(prefixOf(subnet))] as const]),
    ...(gateway === undefined ? [] : [[OPTION.routers, ipv4Octets(gateway)] as const]),
    ...(servers.length === 0 ? [] : [[OPTION.dns, Buffer.concat(servers)] as const]),
    [OPTION.mtu, u16(mtu)],
    ...(routes.length === 0 ? [] : [[OPTION.routes, Buffer.concat(all.map(routeOctets))] as const]),
  ];
}

interface Answer {
  readonly type: number;
  /** The address given; absent: none. */
  readonly yiaddr?: Buffer;
  readonly options: readonly (readonly [number, Buffer])[];
}

/** The address given for the lease, and all else. */
const giving = (guest: Guest, address: Buffer, type: number): Answer => ({
  type,
  yiaddr: address,
  options: [[OPTION.lease, u32(guest.network.dhcp?.lease ?? 0)], ...configuration(guest, address)],
});

function toRequest(guest: Guest, address: Buffer, { options, ciaddr }: Dhcp4Message): Answer | undefined {
  const server = options.get(OPTION.server);
  if (server !== undefined && !server.equals(SERVER.ip4)) return undefined;
  const wanted = options.get(OPTION.requested) ?? ciaddr;
  return wanted.equals(address) ? giving(guest, address, DHCP4.ack) : { type: DHCP4.nak, options: [] };
}

function answerTo(guest: Guest, address: Buffer, message: Dhcp4Message): Answer | undefined {
  const { options, ciaddr } = message;
  switch (options.get(OPTION.type)?.[0]) {
    case DHCP4.discover: {
      if (!options.has(OPTION.rapidCommit)) return giving(guest, address, DHCP4.offer);
      const ack = giving(guest, address, DHCP4.ack);
      return { ...ack, options: [[OPTION.rapidCommit, Buffer.alloc(0)], ...ack.options] };
    }
    case DHCP4.request:
      return toRequest(guest, address, message);
    case DHCP4.inform:
      return ipv4s(guest.port.ips).some((ip) => ipv4Octets(ip).equals(ciaddr))
        ? { type: DHCP4.ack, options: configuration(guest, ciaddr) }
        : undefined;
    default:
      return undefined;
  }
}

/** Where an answer goes (RFC 2131, 4.1): what is not the VM's own address goes by broadcast, to its port alone. */
function destination({ ciaddr, chaddr, broadcast }: Dhcp4Message, { type, yiaddr }: Answer) {
  if (type === DHCP4.nak) return { toMac: BROADCAST.mac, to: BROADCAST.ip };
  if (!ciaddr.equals(NOWHERE)) return { toMac: chaddr, to: ciaddr };
  if (broadcast || yiaddr === undefined) return { toMac: BROADCAST.mac, to: BROADCAST.ip };
  return { toMac: chaddr, to: yiaddr };
}

/** The answer to a DHCPv4 client, if there is one. */
export function dhcp4(guest: Guest, { mac, payload }: Udp): Buffer | undefined {
  const own = ipv4s(guest.port.ips)[0];
  const message = readDhcp4(payload);
  if (guest.network.dhcp === undefined || own === undefined || message === undefined) return undefined;
  const { op, giaddr, chaddr } = message;
  const port = macOctets(guest.port.mac);
  // A relay, or another's client, is not behind this port.
  if (op !== FROM_CLIENT || !giaddr.equals(NOWHERE) || !chaddr.equals(port) || !mac.equals(port)) return undefined;
  const answer = answerTo(guest, ipv4Octets(own), message);
  if (answer === undefined) return undefined;
  const options = new Map([
    [OPTION.type, Buffer.from([answer.type])],
    [OPTION.server, SERVER.ip4],
    ...answer.options,
  ] as const);
  const reply: Dhcp4Message = {
    ...message,
    op: FROM_SERVER,
    ciaddr: answer.type === DHCP4.nak ? NOWHERE : message.ciaddr,
    yiaddr: answer.yiaddr ?? NOWHERE,
    // A VM that is told no does not have its address (RFC 2131, 4.3.2).
    broadcast: message.broadcast || answer.type === DHCP4.nak,
    options,
  };
  const ends = { fromMac: SERVER.mac, from: SERVER.ip4, ...destination(message, answer) };
  return udp4Frame(ends, SERVER_PORT, CLIENT_PORT, dhcp4Octets(reply));
}

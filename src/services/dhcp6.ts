/**
 * DHCPv6 without state (RFC 8415): where addresses are `managed`, the first IA_NA of a VM gets the IPv6 addresses that the
 * topology gives its port; with `slaac` there are none to give, only DNS servers. Every answer follows from the question.
 */
import {
  DHCP6,
  type Dhcp6Message,
  dhcp6Octets,
  type Option6,
  optionOctets6,
  readDhcp6,
  readOptions6,
} from './dhcp6-message.js';
import { type Udp, udp6Frame } from './frames.js';
import { type Guest, ipv6s, SERVER } from './guest.js';
import { ipv6Octets, macOctets, u16, u32 } from './octets.js';

const OPTION = {
  clientId: 1,
  serverId: 2,
  iaNa: 3,
  iaAddress: 5,
  status: 13,
  rapidCommit: 14,
  dns: 23,
} as const;
const STATUS = { success: 0, noAddresses: 2, notOnLink: 4 } as const;
const [SERVER_PORT, CLIENT_PORT] = [547, 546];
/** DUID-LL (RFC 8415, 11.4) of Ethernet. */
const SERVER_ID = Buffer.concat([u16(3), u16(1), SERVER.mac]);

/** Which identifiers a message must bear (RFC 8415, 16); ours is the only server. */
const OF_ANY_SERVER: ReadonlySet<number> = new Set([DHCP6.solicit, DHCP6.confirm, DHCP6.rebind]);
const OF_THIS_SERVER: ReadonlySet<number> = new Set([DHCP6.request, DHCP6.renew, DHCP6.release, DHCP6.decline]);

const find = (options: readonly Option6[], code: number): Buffer | undefined =>
  options.find((option) => option.code === code)?.value;

function isForUs({ type, options }: Dhcp6Message): boolean {
  const server = find(options, OPTION.serverId);
  const client = find(options, OPTION.clientId);
  if (OF_ANY_SERVER.has(type)) return client !== undefined && server === undefined;
  if (OF_THIS_SERVER.has(type)) return client !== undefined && server?.equals(SERVER_ID) === true;
  return type === DHCP6.informationRequest && (server === undefined || server.equals(SERVER_ID));
}

const status = (code: number): Option6 => ({ code: OPTION.status, value: u16(code) });

/** The addresses in an IA_NA that a client says it has. */
function claimed(ia: Buffer): readonly Buffer[] {
  const options = readOptions6(ia.subarray(12)) ?? [];
  return options
    .filter(({ code, value }) => code === OPTION.iaAddress && value.length >= 24)
    .map(({ value }) => value.subarray(0, 16));
}

const addressOption = (address: Buffer, seconds: number): Option6 => ({
  code: OPTION.iaAddress,
  value: Buffer.concat([address, u32(seconds), u32(seconds)]),
});

/** An IA_NA answered: the port's addresses for the lease, and what is not the port's with no time left. */
function identity(ia: Buffer, own: readonly Buffer[], lease: number): Option6 {
  const foreign = claimed(ia).filter((address) => !own.some((o) => o.equals(address)));
  const given = [...own.map((a) => addressOption(a, lease)), ...foreign.map((a) => addressOption(a, 0))];
  const options = own.length > 0 ? given : [...given, status(STATUS.noAddresses)];
  // T1 and T2 (RFC 8415, 21.4).
  const times = own.length > 0 ? [u32(Math.floor(lease / 2)), u32(Math.floor(lease * 0.8))] : [u32(0), u32(0)];
  return { code: OPTION.iaNa, value: Buffer.concat([ia.subarray(0, 4), ...times, ...options.map(optionOctets6)]) };
}

/** The longest lifetime that is not for ever, where leases say nothing. */
const LEASE_SECONDS = 7 * 24 * 3600;

function identities({ network, port }: Guest, options: readonly Option6[]): readonly Option6[] {
  const own = network.ra === 'managed' ? ipv6s(port.ips).map(ipv6Octets) : [];
  const lease = network.dhcp?.lease ?? LEASE_SECONDS;
  const ias = options.filter(({ code, value }) => code === OPTION.iaNa && value.length >= 12);
  return ias.map(({ value }, i) => identity(value, i === 0 ? own : [], lease));
}

function confirmation({ port }: Guest, options: readonly Option6[]): readonly Option6[] | undefined {
  const addresses = options.filter(({ code }) => code === OPTION.iaNa).flatMap(({ value }) => claimed(value));
  if (addresses.length === 0) return undefined;
  const own = ipv6s(port.ips).map(ipv6Octets);
  const right = addresses.every((address) => own.some((o) => o.equals(address)));
  return [status(right ? STATUS.success : STATUS.notOnLink)];
}

const dnsOptions = ({ network }: Guest): readonly Option6[] => {
  const servers = ipv6s(network.dhcp?.dns ?? []).map(ipv6Octets);
  return servers.length === 0 ? [] : [{ code: OPTION.dns, value: Buffer.concat(servers) }];
};

/** Type and options of the answer, without the identifiers. */
function answerTo(guest: Guest, { type, options }: Dhcp6Message): readonly [number, readonly Option6[]] | undefined {
  const configuration = () => [...identities(guest, options), ...dnsOptions(guest)];
  const rapid = options.find(({ code }) => code === OPTION.rapidCommit);
  switch (type) {
    case DHCP6.solicit:
      return rapid === undefined
        ? [DHCP6.advertise, configuration()]
        : [DHCP6.reply, [{ code: OPTION.rapidCommit, value: Buffer.alloc(0) }, ...configuration()]];
    case DHCP6.request:
    case DHCP6.renew:
    case DHCP6.rebind:
      return [DHCP6.reply, configuration()];
    case DHCP6.confirm: {
      const confirmed = confirmation(guest, options);
      return confirmed && [DHCP6.reply, confirmed];
    }
    case DHCP6.release:
    case DHCP6.decline:
      return [DHCP6.reply, [status(STATUS.success)]];
    case DHCP6.informationRequest:
      return [DHCP6.reply, dnsOptions(guest)];
    default:
      return undefined;
  }
}

const UNSPECIFIED = Buffer.alloc(16);

/** The answer to a DHCPv6 client, if there is one. */
export function dhcp6(guest: Guest, { mac, source, payload }: Udp): Buffer | undefined {
  const message = readDhcp6(payload);
  if (guest.network.ra === undefined || message === undefined || !isForUs(message)) return undefined;
  if (!mac.equals(macOctets(guest.port.mac)) || source.equals(UNSPECIFIED)) return undefined;
  const answer = answerTo(guest, message);
  if (answer === undefined) return undefined;
  const [type, rest] = answer;
  const client = find(message.options, OPTION.clientId);
  const options: readonly Option6[] = [
    ...(client === undefined ? [] : [{ code: OPTION.clientId, value: client }]),
    { code: OPTION.serverId, value: SERVER_ID },
    ...rest,
  ];
  const ends = { fromMac: SERVER.mac, from: SERVER.ip6, toMac: mac, to: source };
  return udp6Frame(ends, SERVER_PORT, CLIENT_PORT, dhcp6Octets({ type, transaction: message.transaction, options }));
}

/** DHCPv4 messages as octets (RFC 2131, 2; options RFC 2132, split ones RFC 3396). */
import { u16, u32 } from './octets.js';

export const DHCP4 = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const;

export interface Dhcp4Message {
  /** 1 from a client, 2 from a server. */
  readonly op: number;
  readonly xid: number;
  /** The client wants broadcasts: it cannot take unicast before it has its address. */
  readonly broadcast: boolean;
  readonly ciaddr: Buffer;
  readonly yiaddr: Buffer;
  readonly giaddr: Buffer;
  readonly chaddr: Buffer;
  readonly options: ReadonlyMap<number, Buffer>;
}

const FIXED = 236;
const MAGIC = Buffer.from('63825363', 'hex');
const [PAD, END] = [0, 255];
const MAC = 6;
/** Relays of before 1993 drop less than a BOOTP message (RFC 1542, 2.1). */
const LEAST = 300;

function readOptions(octets: Buffer): ReadonlyMap<number, Buffer> | undefined {
  const options = new Map<number, Buffer>();
  for (let at = 0; at < octets.length; ) {
    const code = octets[at++] as number;
    if (code === PAD) continue;
    if (code === END) return options;
    const length = octets[at++];
    if (length === undefined || at + length > octets.length) return undefined;
    options.set(code, Buffer.concat([options.get(code) ?? Buffer.alloc(0), octets.subarray(at, at + length)]));
    at += length;
  }
  return options;
}

/** Undefined for what is no DHCP message of an Ethernet client. */
export function readDhcp4(octets: Buffer): Dhcp4Message | undefined {
  if (octets.length < FIXED + MAGIC.length || !octets.subarray(FIXED, FIXED + 4).equals(MAGIC)) return undefined;
  if (octets[1] !== 1 || octets[2] !== MAC) return undefined;
  const options = readOptions(octets.subarray(FIXED + 4));
  if (options === undefined) return undefined;
  return {
    op: octets.readUInt8(0),
    xid: octets.readUInt32BE(4),
    broadcast: octets.readUInt8(10) >= 0x80,
    ciaddr: octets.subarray(12, 16),
    yiaddr: octets.subarray(16, 20),
    giaddr: octets.subarray(24, 28),
    chaddr: octets.subarray(28, 28 + MAC),
    options,
  };
}

/** An option in parts of at most 255 octets; one without octets stays one. */
function optionOctets(code: number, value: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at === 0 || at < value.length; at += 255) {
    const part = value.subarray(at, at + 255);
    parts.push(Buffer.from([code, part.length]), part);
  }
  return Buffer.concat(parts);
}

export function dhcp4Octets(m: Dhcp4Message): Buffer {
  const fixed = Buffer.alloc(FIXED);
  Buffer.concat([Buffer.from([m.op, 1, MAC, 0]), u32(m.xid), u16(0), u16(m.broadcast ? 0x8000 : 0)]).copy(fixed);
  m.ciaddr.copy(fixed, 12);
  m.yiaddr.copy(fixed, 16);
  m.giaddr.copy(fixed, 24);
  m.chaddr.copy(fixed, 28);
  const options = [...m.options].map(([code, value]) => optionOctets(code, value));
  const whole = Buffer.concat([fixed, MAGIC, ...options, Buffer.from([END])]);
  return whole.length >= LEAST ? whole : Buffer.concat([whole, Buffer.alloc(LEAST - whole.length)]);
}

/** DHCPv6 messages as octets (RFC 8415, 8 and 21): type, transaction id, options; options may hold options. */
import { u16 } from './octets.js';

export const DHCP6 = {
  solicit: 1,
  advertise: 2,
  request: 3,
  confirm: 4,
  renew: 5,
  rebind: 6,
  reply: 7,
  release: 8,
  decline: 9,
  informationRequest: 11,
} as const;

export interface Option6 {
  readonly code: number;
  readonly value: Buffer;
}

export interface Dhcp6Message {
  readonly type: number;
  /** Three octets. */
  readonly transaction: Buffer;
  readonly options: readonly Option6[];
}

/** Undefined where an option is not whole. */
export function readOptions6(octets: Buffer): readonly Option6[] | undefined {
  const options: Option6[] = [];
  for (let at = 0; at < octets.length; ) {
    if (at + 4 > octets.length) return undefined;
    const end = at + 4 + octets.readUInt16BE(at + 2);
    if (end > octets.length) return undefined;
    options.push({ code: octets.readUInt16BE(at), value: octets.subarray(at + 4, end) });
    at = end;
  }
  return options;
}

export function readDhcp6(octets: Buffer): Dhcp6Message | undefined {
  if (octets.length < 4) return undefined;
  const options = readOptions6(octets.subarray(4));
  return options && { type: octets.readUInt8(0), transaction: octets.subarray(1, 4), options };
}

export const optionOctets6 = ({ code, value }: Option6): Buffer => Buffer.concat([u16(code), u16(value.length), value]);

export const dhcp6Octets = ({ type, transaction, options }: Dhcp6Message): Buffer =>
  Buffer.concat([Buffer.from([type]), transaction, ...options.map(optionOctets6)]);

/** Values of fields as set_field prints them (ovs-fields(7), "Format"). */
import type { Field } from '../fields.js';
import { formatIpv4, formatIpv6, formatMac } from './address.js';
import { CT_STATE, formatFlagsMasked, TCP_FLAGS, TUN_FLAGS } from './flags.js';
import { formatPort, type Names } from './names.js';

/** As C's %#x: zero has no prefix. */
export function hex(value: number | bigint): string {
  return BigInt(value) === 0n ? '0' : `0x${value.toString(16)}`;
}

/** The length of a prefix mask; undefined for a mask with holes. */
export function prefixLength(mask: bigint, bits: number): number | undefined {
  const inverse = ~mask & ((1n << BigInt(bits)) - 1n);
  if ((inverse & (inverse + 1n)) !== 0n) return undefined;
  return bits - inverse.toString(2).replace(/^0$/, '').length;
}

/** "10.0.0.0/8", or the mask as an address where it has holes. */
export function formatIpv4Masked(value: bigint, mask: bigint): string {
  const address = formatIpv4(Number(value));
  if (mask === 0xffffffffn) return address;
  return `${address}/${prefixLength(mask, 32) ?? formatIpv4(Number(mask))}`;
}

/** "fd00::/8", or the mask as an address where it has holes. */
export function formatIpv6Masked(value: bigint, mask: bigint): string {
  const address = formatIpv6(value);
  if (mask === (1n << 128n) - 1n) return address;
  return `${address}/${prefixLength(mask, 128) ?? formatIpv6(mask)}`;
}

/** "01:00:00:00:00:00/01:00:00:00:00:00". */
export function formatMacMasked(value: bigint, mask: bigint): string {
  const address = formatMac(Number(value));
  return mask === 0xffffffffffffn ? address : `${address}/${formatMac(Number(mask))}`;
}

/** How fragments are matched: bit 0 any fragment, bit 1 a later one. */
export function formatFrag(value: number, mask: number): string {
  const any = (value & 1) !== 0;
  const later = (value & 2) !== 0;
  if ((mask & 3) === 3) return any ? (later ? 'later' : 'first') : later ? '<error>' : 'no';
  if ((mask & 3) === 1) return any ? 'yes' : 'no';
  return later ? 'later' : 'not_later';
}

/** A packet type as "(ns,type)". */
export function formatPacketType(value: number): string {
  return `(${value >>> 16},${hex(value & 0xffff)})`;
}

/** A value with its mask; no mask is an exact value. */
export function formatValue(
  field: Field,
  value: number | bigint,
  mask: number | bigint | undefined,
  names?: Names,
): string {
  const v = BigInt(value);
  const ones = (1n << BigInt(field.octets === 0 ? 992 : field.octets * 8)) - 1n;
  const m = mask === undefined ? ones : BigInt(mask);
  switch (field.format) {
    case 'decimal':
      return m === ones ? v.toString() : `${v}/${hex(m)}`;
    case 'hexadecimal':
      return m === ones ? hex(v) : `${hex(v)}/${hex(m)}`;
    case 'ethernet':
      return formatMacMasked(v, m);
    case 'ipv4':
      return formatIpv4Masked(v, m);
    case 'ipv6':
      return formatIpv6Masked(v, m);
    case 'port':
      return formatPort(Number(v), names);
    case 'port16':
      return formatPort(v >= 0xff00n ? Number(v) + 0xffff0000 : Number(v), names);
    case 'frag':
      return formatFrag(Number(v), Number(m));
    case 'ct_state':
      return formatFlagsMasked(CT_STATE, Number(v), Number(m), 0xffffffff);
    case 'tcp_flags':
      return formatFlagsMasked(TCP_FLAGS, Number(v), Number(m) & 0xfff, 0xfff);
    case 'tunnel_flags':
      return formatFlagsMasked(TUN_FLAGS, Number(v), Number(m) & 1, 1);
    case 'packet_type':
      return formatPacketType(Number(v));
    default:
      return field.format satisfies never;
  }
}

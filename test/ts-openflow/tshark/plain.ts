/**
 * A generated message without what only its maker understands: unknown fields, actions, properties and bands are octets
 * that nobody can dissect, and a packet's octets are a packet. What is left, a dissector has to follow.
 */
import { OFPP } from 'ts-openflow';
import { declarations } from 'ts-openflow/testing';

const FRAME = Buffer.from(
  'ffffffffffff020000000001080600010800060400010200000000010a0000010000000000000a000002',
  'hex',
);

const BARRIER = Buffer.from('0414000800000001', 'hex');

type Values = Record<string, unknown>;

const isUnknown = (item: unknown): boolean => {
  const { kind, type, rate } = (item ?? {}) as Values;
  return kind === 'unknown' || (typeof type === 'number' && rate !== undefined);
};

/** Fields of class OPENFLOW_BASIC. */
export const BASIC: ReadonlySet<string> = new Set(
  declarations(6).fields.flatMap(({ name, field }) => (field.headers.some((h) => h.class === 0x8000) ? [name] : [])),
);

/**
 * As a 1.5 message that tshark 4.0 can follow: it stops at the field number of any OXM of class OPENFLOW_BASIC, in
 * Open vSwitch's own messages too (the test shows it), reads the padding
 * of copy_field as a field, and a property of a bucket that has none.
 */
export function plainFor15(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainFor15);
  if (value === null || typeof value !== 'object' || Buffer.isBuffer(value)) return value;
  const found: Values = {};
  for (const [name, member] of Object.entries(value)) {
    if (BASIC.has(name) && typeof member === 'object' && member !== null && 'value' in member) continue;
    found[name] = name === 'weight' ? Math.max(1, Number(member)) : plainFor15(member);
  }
  // The port goes into the match.
  if (found.kind === 'PacketOut') found.in_port = OFPP.ANY;
  if (found.kind === 'set_field' && BASIC.has(String(found.field)))
    return { kind: 'set_field', field: 'reg1', value: 5 };
  if (found.kind === 'move') return { kind: 'dec_ttl' };
  return found;
}

/** The value, and all within it, with only known things; `kind` is the message's. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !isUnknown(item)).map(plain);
  if (value === null || typeof value !== 'object' || Buffer.isBuffer(value)) return value;
  const { kind } = value as Values;
  const found: Values = {};
  for (const [name, member] of Object.entries(value)) {
    if (name.startsWith('oxm_') || name === 'unknown') continue;
    if (name === 'properties') found[name] = [];
    else if (name === 'field' && String(member).startsWith('oxm_')) found[name] = 'reg0';
    else if (name === 'data' && /^(NxPacketIn|PacketIn|PacketOut)$/.test(String(kind))) found[name] = FRAME;
    else found[name] = plain(member);
  }
  // HELLO_FAILED has text.
  if (kind === 'Error') found.data = found.type === 0 ? Buffer.from('no common version') : BARRIER;
  // Only these are forwarded (OpenFlow 1.5.1, 7.4.6).
  if (kind === 'RequestForward') found.message = { kind: 'MeterMod', command: 'DELETE', meter_id: 5 };
  if (typeof kind === 'string' && /PacketIn$/.test(kind)) found.total_len = FRAME.length;
  return found;
}

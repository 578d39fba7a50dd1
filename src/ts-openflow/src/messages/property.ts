/**
 * Properties (type, length, content, padding to 8 octets), which messages grew in OpenFlow 1.4, and preserved areas.
 */
import { type Codec, type Defaulted, rest, u16 } from '../wire/codec.js';
import { listOf, members, type Outlined } from '../wire/outline.js';
import { Reader } from '../wire/reader.js';
import { Writer } from '../wire/writer.js';

/** A property as it came: type and content, without padding. */
export interface Property {
  readonly type: number;
  readonly octets: Buffer;
}

const property: Codec<Property> = {
  outline: { is: 'members', members: { type: u16, octets: rest } },
  read: (r) => {
    const at = r.at;
    const type = r.u16();
    const length = r.u16();
    if (length < 4) throw r.error('OFPBPC_BAD_LEN', at);
    const outer = r.enter(length - 4, 'OFPBPC_BAD_LEN');
    const octets = r.rest();
    r.leave(outer, 'OFPBPC_BAD_LEN');
    r.pad(Math.min(r.left, (8 - (length & 7)) & 7));
    return { type, octets };
  },
  write: (w, { type, octets }) => {
    const at = w.at;
    w.u16(type);
    w.u16(octets.length + 4);
    w.bytes(octets);
    w.padTo8(at);
  },
};

/** Properties up to the end of the structure. */
export const propertyList: Defaulted<readonly Property[]> = {
  outline: { is: 'list', item: property, least: 0 },
  fallback: [],
  read: (r) => {
    const properties: Property[] = [];
    while (r.at < r.end) properties.push(property.read(r));
    return properties;
  },
  write: (w, properties) => {
    for (const p of properties) property.write(w, p);
  },
};

/** Properties of types above `type`: those that a structure keeps because it does not know them. */
export function propertiesAbove(type: number): Outlined {
  return listOf(members({ type: { outline: { is: 'number', least: type + 1, most: 0xffff } }, octets: rest }), 1);
}

/** Content of a property, read by a codec; all of it must be read. */
export function propertyContent<T>(p: Property, codec: Codec<T>, version: 4 | 5 | 6): T {
  const r = new Reader(p.octets, version);
  const value = codec.read(r);
  if (r.left > 7) throw r.error('OFPBPC_BAD_LEN');
  return value;
}

/** Content for a property, written by a codec. */
export function propertyOf<T, I>(type: number, codec: Codec<T, I>, value: I, version: 4 | 5 | 6): Property {
  const w = new Writer(version, 64);
  codec.write(w, value);
  return { type, octets: w.take() };
}

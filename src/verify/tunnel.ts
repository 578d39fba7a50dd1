/**
 * A host's tunnel ports as the proof needs them: what key and which peer a packet comes from or goes to, with the widths
 * that Open vSwitch cuts keys to (24 bits for Geneve and VXLAN, 32 for GRE; seen on 3.1.0).
 */
import type { DumpPort } from './model.js';
import { addressWords, type Spec, vlanWires } from './spec.js';
import { type AddressWords, WireTable } from './underlay.js';

export interface TunnelEnd {
  readonly port: DumpPort;
  /** The one peer of a port with an address; undefined where it is `flow`. */
  readonly remote?: AddressWords;
  /** The key that the port itself gives every packet it sends; undefined where it is `flow`. */
  readonly outKey?: number;
  /** Bits of the key that there are on the wire. */
  readonly keyMask: number;
  readonly wires: WireTable;
  /** Its frames have their key in a tag (IEEE 802.1Q), and do not say which host they are from. */
  readonly trunk?: true;
}

/** In a TCI as matches have it: the bit that says that there is a tag, with those of the VLAN id. */
export const TAG = { present: 0x1000, id: 0xfff, both: 0x1fff } as const;

/** The end of a host's trunk. */
export const trunkEnd = (port: DumpPort, host: string, spec: Spec): TunnelEnd => ({
  port,
  keyMask: TAG.id,
  wires: spec.wires.get(vlanWires(spec.zones.get(host))) ?? new WireTable(),
  trunk: true,
});

const KEY_MASK: Readonly<Record<string, number>> = { geneve: 0xffffff, vxlan: 0xffffff };

/**
 * A key as Open vSwitch reads it (strtoull with base 0, what follows a number is passed over): `010` is 8, `abc` is 0.
 * The lower 32 bits: no header has room for more.
 */
function keyOf(text: string): number {
  const [, hex, octal, decimal] = /^\s*\+?(?:0[xX]([0-9a-fA-F]+)|(0[0-7]*)|([1-9]\d*))/.exec(text) ?? [];
  const value = hex !== undefined ? `0x${hex}` : octal !== undefined ? `0o0${octal}` : (decimal ?? '0');
  return Number(BigInt.asIntN(32, BigInt(value)));
}

/** The type of a tunnel port; one without Ethernet in it is another. Open vSwitch gives a packet to the one or the other. */
export const kindOf = ({ type, options: { packet_type = 'legacy_l2' } }: DumpPort): string =>
  packet_type === 'legacy_l2' ? type : `${type} ${packet_type}`;

/** A port with what the specification says of its type. */
export function tunnelEnd(port: DumpPort, spec: Spec): TunnelEnd {
  const { remote_ip, out_key, key } = port.options;
  const given = out_key ?? key;
  const remote = remote_ip === undefined || remote_ip === 'flow' ? undefined : addressWords(remote_ip);
  return {
    port,
    ...(remote === undefined ? {} : { remote }),
    ...(given === 'flow' ? {} : { outKey: keyOf(given ?? '0') }),
    keyMask: KEY_MASK[port.type] ?? -1,
    wires: spec.wires.get(kindOf(port)) ?? new WireTable(),
  };
}

/** Whose a key is, of which only the bits of `known` are known; undefined: nobody's, or it cannot be told. */
export const wireOwner = (end: TunnelEnd, key: number, known: number): string | undefined =>
  end.wires.owner(key, known, end.keyMask);

/**
 * A host's tunnel ports as the proof needs them: what key and which peer a packet comes from or goes to, with the widths
 * that Open vSwitch cuts keys to (24 bits for Geneve and VXLAN, 32 for GRE; seen on 3.1.0).
 */
import type { DumpPort } from './model.js';
import { type AddressWords, addressWords, type Spec, type WireRule } from './spec.js';

export interface TunnelEnd {
  readonly port: DumpPort;
  /** The one peer of a port with an address; undefined where it is `flow`. */
  readonly remote?: AddressWords;
  /** The key that the port itself gives every packet it sends; undefined where it is `flow`. */
  readonly outKey?: number;
  /** Bits of the key that there are on the wire. */
  readonly keyMask: number;
  readonly wires: readonly WireRule[];
}

const KEY_MASK: Readonly<Record<string, number>> = { geneve: 0xffffff, vxlan: 0xffffff };

/** A port with what the specification says of its type. */
export function tunnelEnd(port: DumpPort, spec: Spec): TunnelEnd {
  const { remote_ip, out_key, key } = port.options;
  const given = out_key ?? key;
  const remote = remote_ip === undefined || remote_ip === 'flow' ? undefined : addressWords(remote_ip);
  return {
    port,
    ...(remote === undefined ? {} : { remote }),
    ...(given === 'flow' ? {} : { outKey: Number(given ?? 0) | 0 }),
    keyMask: KEY_MASK[port.type] ?? -1,
    wires: spec.wires.get(port.type) ?? [],
  };
}

/** Whose a key is, of which only the bits of `known` are known; undefined: nobody's, or it cannot be told. */
export function wireOwner(end: TunnelEnd, key: number, known: number): string | undefined {
  return end.wires.find((rule) => {
    const mask = rule.mask & end.keyMask;
    return (known & mask) === mask && (key & mask) === rule.value;
  })?.owner;
}

/** The host with this address; undefined: none. */
export function vtepHost(spec: Spec, address: AddressWords): string | undefined {
  for (const [host, words] of spec.vteps)
    if (words.length === address.length && words.every((w, i) => w === address[i])) return host;
  return undefined;
}

/**
 * What the encapsulations cost, how wide their keys are, and what a key is on the wire.
 *
 * Overhead is what an IP packet of a VM grows by on its way into an IP packet of the underlay: outer IP header, outer
 * transport, tunnel header, and the VM's Ethernet header (without VLAN tag or FCS, which do not travel):
 *
 *   geneve  IPv4 20 (RFC 791) + UDP 8 (RFC 768) + Geneve 8, no options (RFC 8926, 3.4)     + Ethernet 14 = 50
 *   vxlan   IPv4 20           + UDP 8           + VXLAN 8 (RFC 7348, 5)                    + Ethernet 14 = 50
 *   gre     IPv4 20                             + GRE 4 + key 4 (RFC 2784, 2.1; RFC 2890, 2) + Ethernet 14 = 42
 *   nvgre   IPv4 20                             + GRE 4 + VSID and FlowID 4 (RFC 7637, 3.2) + Ethernet 14 = 42
 *   ip-tunnel IPv4 20                           + GRE 4 + key 4, and no Ethernet: the VM's IP packet alone  = 28
 *   vlan    no outer header: the tag's 4 octets are the frame's, and count in no MTU (IEEE 802.3, 3.2.7)  = 0
 *
 * An outer IPv6 header has 40 octets (RFC 8200, 3): 20 more.
 */
import type { Encapsulation, Host, Wire } from './model.js';
import { meet, type ZoneList } from './zones.js';

interface EncapsulationDef {
  /** Width of the network's key: a VNI or VSID has 24 bits, a GRE key 32, a VLAN id 12. */
  readonly keyBits: 12 | 24 | 32;
  /** Octets between the outer IP header and the VM's IP header. */
  readonly header: number;
}

/** Those whose packets are GRE on the wire, with the network's whole key in it. */
const isPlainGre = (encapsulation: Encapsulation): boolean => encapsulation === 'gre' || encapsulation === 'ip-tunnel';

export const ENCAPSULATIONS: { readonly [E in Encapsulation]: EncapsulationDef } = {
  geneve: { keyBits: 24, header: 8 + 8 + 14 },
  vxlan: { keyBits: 24, header: 8 + 8 + 14 },
  gre: { keyBits: 32, header: 4 + 4 + 14 },
  nvgre: { keyBits: 24, header: 4 + 4 + 14 },
  vlan: { keyBits: 12, header: 0 },
  'ip-tunnel': { keyBits: 32, header: 4 + 4 },
};

/** The least MTU of a VM's network: what IPv6 asks of every link (RFC 8200, 5). */
export const MINIMUM_MTU = 1280;

/** The family of the VTEPs: all hosts have the same (checks.ts). */
export const underlayFamily = (hosts: readonly Pick<Host, 'vtep'>[]): 'ipv4' | 'ipv6' =>
  hosts[0]?.vtep.includes(':') === true ? 'ipv6' : 'ipv4';

/** Octets that an IP packet of a VM grows by on the underlay. */
export function overhead(encapsulation: Encapsulation, family: 'ipv4' | 'ipv6'): number {
  if (encapsulation === 'vlan') return 0;
  return (family === 'ipv4' ? 20 : 40) + ENCAPSULATIONS[encapsulation].header;
}

/** The largest key of a network in `encapsulation`. VLAN id 4095 is reserved (IEEE 802.1Q, table 9-2). */
export function largestKey(encapsulation: Encapsulation): number {
  return encapsulation === 'vlan' ? 4094 : 2 ** ENCAPSULATIONS[encapsulation].keyBits - 1;
}

/** A tunnel key as the header of a packet has it, and as a switch matches it. */
export interface WireKey {
  /** What is sent. */
  readonly value: number;
  /** The bits that say which network it is; absent: all. */
  readonly mask?: number;
}

/**
 * The key on the wire. NVGRE is GRE whose key is VSID << 8 | FlowID (RFC 7637, 3.2): any FlowID is accepted, and 0 is
 * sent, as 3.2 asks of a sender that has none.
 */
export function wireKey({ encapsulation, key }: Wire): WireKey {
  return encapsulation === 'nvgre' ? { value: key * 256, mask: 0xffffff00 } : { value: key };
}

/** VLAN ids are numbers apart: a tunnel's network and a VLAN may have the same key. */
const FIRST_VLAN_NUMBER = 0x7fff0000;

/** The number by which registers and groups know a network: its key, or for a VLAN one that no usual key takes. */
export const networkNumber = ({ encapsulation, key }: Wire): number =>
  encapsulation === 'vlan' ? FIRST_VLAN_NUMBER + key : key;

const OFPG_MAX = 0xffffff00;

/**
 * The OpenFlow group number of the network with this number, the same on every host. Numbers end at OFPG_MAX (OpenFlow 1.5.1
 * clause 7.3.4.3) while GRE keys have all 32 bits: the last 256 keys take the numbers 256 lower.
 */
export const groupNumber = (key: number): number => (key < OFPG_MAX ? key : key - 0x100);

interface Claim {
  readonly owner: string;
  readonly zones: ZoneList;
}

/**
 * Keys in use, asked before one more is given. A number names one network whatever its encapsulation (VLAN ids have
 * numbers of their own, and name one in each zone); and GRE, IP tunnels and NVGRE
 * share one key space on the wire, where VSID v is the GRE keys v<<8 … v<<8|255 (RFC 7637, 3.2: 24 bits of VSID, 8 of
 * FlowID).
 */
export class KeySpace {
  readonly #numbers = new Map<number, readonly Claim[]>();
  readonly #vsids = new Map<number, string>();
  readonly #greVsids = new Map<number, string>();
  readonly #groups = new Map<number, string>();

  /** `zones`: where a VLAN id is the owner's; undefined: everywhere, as all other keys are. */
  add(encapsulation: Encapsulation, key: number, owner: string, zones?: ZoneList): void {
    const number = networkNumber({ encapsulation, key });
    this.#numbers.set(number, [{ owner, zones }, ...(this.#numbers.get(number) ?? [])]);
    this.#groups.set(groupNumber(number), owner);
    if (encapsulation === 'nvgre') this.#vsids.set(key, owner);
    if (isPlainGre(encapsulation)) this.#greVsids.set(key >>> 8, owner);
  }

  /** The network whose key is `key`, or takes it on the wire, in one of `zones` at least. */
  owner(encapsulation: Encapsulation, key: number, zones?: ZoneList): string | undefined {
    const number = networkNumber({ encapsulation, key });
    const claims = this.#numbers.get(number);
    const claim = claims?.find((other) => meet(other.zones, zones));
    if (claim !== undefined) return claim.owner;
    // The group of a number that others have elsewhere is that of the number.
    return (
      this.#alias(encapsulation, key) ?? (claims === undefined ? this.#groups.get(groupNumber(number)) : undefined)
    );
  }

  /** How it is taken, in words that go before "by network N". */
  conflict(encapsulation: Encapsulation, key: number): string {
    if (this.#numbers.has(networkNumber({ encapsulation, key }))) return 'is taken';
    return this.#alias(encapsulation, key) === undefined
      ? 'needs the OpenFlow group number that is taken (keys from 4294967040 on take numbers 256 lower)'
      : 'is the same as theirs on the wire (VSID v takes the GRE keys v<<8 to v<<8|255)';
  }

  /** The network that has another number, and takes `key` on the wire all the same. */
  #alias(encapsulation: Encapsulation, key: number): string | undefined {
    if (isPlainGre(encapsulation)) return this.#vsids.get(key >>> 8);
    return encapsulation === 'nvgre' ? this.#greVsids.get(key) : undefined;
  }
}

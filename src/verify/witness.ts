/**
 * From a cube to one packet that can really be sent: a bit that is free gets a usual value, and what no packet can be
 * (an 802.1Q priority without a tag, an EtherType below 0x600) is refused.
 */
import type { Cube } from './cube.js';
import { fieldAt, WORDS, wordOf } from './words.js';

const ETH_TYPE = wordOf('eth_type');
const TCI = wordOf('vlan_tci');
const ETH_TYPES = [0x0800, 0x0806, 0x86dd, 0x88b5, 0x9000];
/** EtherTypes that mean another header follows, which the model reads on. */
const SHIMS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x8847, 0x8848, 0x894f]);

/** Usual values of free words. */
const USUAL: ReadonlyMap<number, number> = new Map([
  [wordOf('eth_src'), 0x00000001],
  [wordOf('eth_src') + 1, 0x0200],
  [wordOf('eth_dst'), 0x00000002],
  [wordOf('eth_dst') + 1, 0x0200],
  [wordOf('ip_proto'), 17],
  [wordOf('nw_ttl'), 64],
  [wordOf('arp_op'), 1],
  [wordOf('ip_src'), 0x0a000001],
  [wordOf('ip_dst'), 0x0a000002],
  [wordOf('udp_src'), 4096],
  [wordOf('udp_dst'), 4097],
]);

/** The EtherType of a packet of the cube. */
function etherType(cube: Cube): number | undefined {
  const value = cube[ETH_TYPE] as number;
  const mask = cube[WORDS + ETH_TYPE] as number;
  const fits = (type: number): boolean => ((type ^ value) & mask) === 0 && !SHIMS.has(type);
  const usual = ETH_TYPES.find(fits);
  if (usual !== undefined) return usual;
  for (let type = 0x600; type <= 0xffff; type++) if (fits(type)) return type;
  return undefined;
}

/** A packet of the cube; `other` gives the free bits their other value. Undefined where there is none to be sent. */
export function packetOf(cube: Cube, other = false): Int32Array | undefined {
  const words = new Int32Array(WORDS);
  for (let word = 0; word < WORDS; word++) {
    const mask = cube[WORDS + word] as number;
    const usual = USUAL.get(word) ?? 0;
    words[word] = ((cube[word] as number) & mask) | ((other && !isFixedByNature(word) ? ~usual : usual) & ~mask);
  }
  const type = etherType(cube);
  if (type === undefined) return undefined;
  words[ETH_TYPE] = type;
  const tci = words[TCI] as number;
  if ((tci & 0xefff) !== 0 && (tci & 0x1000) === 0) {
    if (((cube[WORDS + TCI] as number) & 0x1000) !== 0) return undefined;
    words[TCI] = tci | 0x1000;
  }
  return words;
}

/** Words whose free bits stay as they are: a switch sets them, not the sender. */
const isFixedByNature = (word: number): boolean =>
  /^(packet_type|dp_hash|recirc_id|conj_id|actset_output|ct_|nsh_|mpls_|pbb_|tun_|pkt_mark|vlan|ip_frag|nw_ttl|ip_proto|eth_src)/.test(
    fieldAt(word),
  );

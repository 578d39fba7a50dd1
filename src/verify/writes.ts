/** What a list of actions writes to the packet that goes on after it, by bits. */
import { nextOp, OP } from './ops.js';
import { ones32, wordOf } from './words.js';

const TCI = wordOf('vlan_tci');
const TCI1 = wordOf('vlan_tci1');
const TTL = wordOf('nw_ttl');

/** Adds the bits that a list of actions writes to the packet that goes on, and visits the tables it leads to. */
export function collectWrites(
  code: Int32Array,
  from: number,
  to: number,
  writes: Int32Array,
  visit: (table: number) => void,
): void {
  const add = (word: number, mask: number): void => {
    writes[word] = (writes[word] as number) | mask;
  };
  for (let at = from; at < to; at = nextOp(code, at)) {
    const [a, b, c, , e] = code.subarray(at + 1, at + 6) as unknown as [number, number, number, number, number];
    const op = code[at];
    if (op === OP.set) add(a, c);
    else if (op === OP.havoc) add(a, b);
    else if (op === OP.move) add(a, ones32(e) << b);
    else if (op === OP.pop) add(a, ones32(c) << b);
    else if (op === OP.dec_ttl) add(TTL, 0xff);
    else if (op === OP.push_vlan || op === OP.pop_vlan) {
      add(TCI, -1);
      add(TCI1, -1);
    } else if (op === OP.goto || (op === OP.resubmit && a !== 255)) visit(a);
  }
}

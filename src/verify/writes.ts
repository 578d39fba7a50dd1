/**
 * What a list of actions writes to the packet that goes on after it, by bits, and whether it may leave another stack
 * behind (a group's bucket may lead to a table that pushes or pops: the stack is not the bucket's own).
 */
import { nextOp, OP } from './ops.js';
import { ones32, wordOf } from './words.js';

const TCI = wordOf('vlan_tci');
const TCI1 = wordOf('vlan_tci1');
const TTL = wordOf('nw_ttl');
const IN_PORT = wordOf('in_port');

/** Actions that may leave another stack behind. */
export const touchesStack = (op: number | undefined): boolean => op === OP.push || op === OP.pop || op === OP.group;

/** Adds the bits that a list of actions writes to the packet that goes on, and visits the tables it leads to. True: the stack, too. */
export function collectWrites(
  code: Int32Array,
  from: number,
  to: number,
  writes: Int32Array,
  visit: (table: number) => void,
): boolean {
  const add = (word: number, mask: number): void => {
    writes[word] = (writes[word] as number) | mask;
  };
  let stack = false;
  for (let at = from; at < to; at = nextOp(code, at)) {
    if (touchesStack(code[at])) stack = true;
    const [a, b, c, , e] = code.subarray(at + 1, at + 6) as unknown as [number, number, number, number, number];
    const op = code[at];
    if (op === OP.set) add(a, c);
    else if (op === OP.havoc) add(a, b);
    else if (op === OP.move) add(a, ones32(e) << b);
    else if (op === OP.pop) add(a, ones32(c) << b);
    else if (op === OP.port) add(IN_PORT, -1);
    else if (op === OP.dec_ttl) add(TTL, 0xff);
    else if (op === OP.push_vlan || op === OP.pop_vlan) {
      add(TCI, -1);
      add(TCI1, -1);
    } else if (op === OP.goto || (op === OP.resubmit && a !== 255)) visit(a);
  }
  return stack;
}

/**
 * What the interpreter does with tags pushed and popped, and with fields by way of the stack. An entry of the stack is a
 * whole field, whatever its width: what is popped narrower takes its lowest bits.
 */
import { OP, portOf16 } from './ops.js';
import { moveBits, ones32, wordOf } from './words.js';

const IN_PORT = wordOf('in_port');
const TCI = wordOf('vlan_tci');
const TCI1 = wordOf('vlan_tci1');

interface Stacked {
  readonly words: Int32Array;
  readonly stack: bigint[];
}

/** Carries out one of these operations; any other does nothing. */
export function tagOrStack({ words, stack }: Stacked, code: Int32Array, at: number): void {
  const [a, b, c, lo, last] = code.subarray(at + 1, at + 6) as unknown as [number, number, number, number, number];
  const bits = (): bigint => BigInt((((words[a] as number) >>> b) & ones32(c)) >>> 0);
  switch (code[at]) {
    case OP.port:
      words[IN_PORT] = portOf16((words[IN_PORT] as number) & 0xffff);
      return;
    case OP.push_vlan:
      words[TCI1] = words[TCI] as number;
      words[TCI] = 0x1000;
      return;
    case OP.pop_vlan:
      words[TCI] = words[TCI1] as number;
      words[TCI1] = 0;
      return;
    case OP.push:
      stack.push(lo === 0 ? bits() : (stack.pop() ?? 0n) | (bits() << BigInt(lo)));
      return;
    case OP.pop: {
      const entry = stack.at(-1);
      if (entry !== undefined) moveBits(words, a, b, Number(BigInt.asIntN(32, entry >> BigInt(lo))), c);
      if (last === 1) stack.pop();
      return;
    }
    default:
  }
}

/**
 * What takes a flow's packets when it is gone, beside the plainest oracle: packets of the flow, drawn at random and towards
 * other flows of its table, looked up among all flows but this one.
 */
import { expect } from 'chai';
import { Fallbacks, type FlowSet, WORDS } from '../../src/verify/index.js';
import { matches } from '../../src/verify/lookup.js';
import { randomInstallation } from './dumps.js';
import { Random } from './random.js';

/** Random bits with the flow's own, and those of another flow where the first asks for nothing. */
function packet(random: Random, flows: FlowSet, flow: number, towards?: number): Int32Array {
  const words = Int32Array.from({ length: WORDS }, () => (random.next() * 2 ** 32) | 0);
  for (const number of [towards, flow]) {
    if (number === undefined) continue;
    for (let at = flows.termsAt(number); at < flows.codeAt(number); at += 3) {
      const [word, value, mask] = flows.body.subarray(at, at + 3) as unknown as [number, number, number];
      words[word] = ((words[word] as number) & ~mask) | value;
    }
  }
  return words;
}

describe('what takes a flow’s packets when it is gone', () => {
  it('is what a lookup without the flow finds, over random installations', function () {
    this.timeout(30_000);
    const random = new Random(71);
    const seen = { some: 0, rest: 0, none: 0, shadowed: 0 };
    for (let seed = 1; seed <= 12; seed++)
      for (const { flows } of randomInstallation(seed).dumps) {
        const fallbacks = new Fallbacks(flows);
        for (const flow of flows.numbers()) {
          const table = flows.ofTable(flows.table(flow));
          const { some, rest, shadowed } = fallbacks.instead(flow);
          for (let n = 0; n < 4; n++) {
            const words = packet(random, flows, flow, n === 0 ? undefined : random.pick(table));
            const found = table.filter((other) => other !== flow && matches(flows, other, words));
            const taken = found.some((other) => flows.priority(other) > flows.priority(flow));
            if (taken) {
              seen.shadowed++;
              expect(shadowed, `seed ${seed}, flow ${flow}`).to.equal(true);
              continue;
            }
            const [next = -1] = found;
            expect([...some, rest], `seed ${seed}, flow ${flow}`).to.include(next);
            seen[next === -1 ? 'none' : next === rest ? 'rest' : 'some']++;
          }
          // Nothing is named that no packet of the flow could meet.
          for (const other of some) expect(matches(flows, other, packet(random, flows, flow, other))).to.equal(true);
        }
      }
    for (const [what, count] of Object.entries(seen)) expect(count, what).to.be.greaterThan(50);
  });
});

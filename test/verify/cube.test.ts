/** The cube algebra beside brute force: two words of three bits, all 64 packets counted. */
import { expect } from 'chai';
import fc from 'fast-check';
import { type Cube, everything, intersect, subtract, subtractAll } from '../../src/verify/cube.js';

const WORDS = 2;
const BITS = 7;
const ALL = Array.from({ length: 64 }, (_, i) => [i & BITS, i >> 3] as const);

const inCube = (cube: Cube, packet: readonly number[]): boolean =>
  packet.every((word, i) => ((word ^ (cube[i] as number)) & (cube[WORDS + i] as number) & BITS) === 0);
const inTerms = (terms: readonly number[], packet: readonly number[]): boolean => {
  for (let i = 0; i < terms.length; i += 3)
    if ((((packet[terms[i] as number] as number) ^ (terms[i + 1] as number)) & (terms[i + 2] as number)) !== 0)
      return false;
  return true;
};
const members = (cubes: readonly Cube[]): string =>
  ALL.filter((p) => cubes.some((c) => inCube(c, p)))
    .map((p) => p.join())
    .join(' ');

const part = fc.tuple(fc.integer({ min: 0, max: BITS }), fc.integer({ min: 0, max: BITS }));
const termsOf = (parts: readonly (readonly [number, number])[]): number[] =>
  parts.flatMap(([value, mask], word) => (mask === 0 ? [] : [word, value & mask, mask]));
const terms = fc.tuple(part, part).map(termsOf);

describe('verify: cubes', () => {
  const whole = (): Cube => everything(WORDS);

  it('intersect as brute force does', () => {
    fc.assert(
      fc.property(terms, terms, (a, b) => {
        const cube = intersect(whole(), a) as Cube;
        const both = intersect(cube, b);
        expect(members(both === undefined ? [] : [both])).to.equal(
          ALL.filter((p) => inTerms(a, p) && inTerms(b, p))
            .map((p) => p.join())
            .join(' '),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('subtract as brute force does, into disjoint cubes', () => {
    fc.assert(
      fc.property(terms, fc.array(terms, { maxLength: 4 }), (a, taken) => {
        let cubes: readonly Cube[] = [intersect(whole(), a) as Cube];
        for (const t of taken) cubes = subtractAll(cubes, t);
        const left = ALL.filter((p) => inTerms(a, p) && !taken.some((t) => inTerms(t, p)));
        expect(members(cubes)).to.equal(left.map((p) => p.join()).join(' '));
        for (const p of ALL) expect(cubes.filter((c) => inCube(c, p)).length).to.be.at.most(1);
      }),
      { numRuns: 500 },
    );
  });

  it('leaves a cube as it is where nothing is taken', () => {
    const cube = intersect(whole(), [0, 1, 1]) as Cube;
    expect(subtract(cube, [0, 0, 1])).to.deep.equal([cube]);
    expect(subtract(cube, [0, 1, 1])).to.deep.equal([]);
  });
});

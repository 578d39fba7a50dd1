/**
 * Cubes: sets of packets given word by word as value and mask (1: the bit is fixed). One array holds the values, then the
 * masks. A difference of cubes is a list of disjoint cubes; nothing here knows what the words mean.
 */

/** Values, then masks. */
export type Cube = Int32Array;

/** Triples word, value, mask: the few words a match fixes. */
export type Terms = readonly number[];

/** Every packet of so many words. */
export const everything = (words: number): Cube => new Int32Array(words * 2);

/** The part of the cube that the terms match; undefined where there is none. */
export function intersect(cube: Cube, terms: Terms): Cube | undefined {
  const words = cube.length >> 1;
  let result: Cube | undefined;
  for (let i = 0; i < terms.length; i += 3) {
    const word = terms[i] as number;
    const value = terms[i + 1] as number;
    const mask = terms[i + 2] as number;
    const fixed = cube[words + word] as number;
    if ((((cube[word] as number) ^ value) & fixed & mask) !== 0) return undefined;
    if ((mask & ~fixed) === 0) continue;
    result ??= cube.slice();
    result[word] = ((result[word] as number) & ~mask) | value;
    result[words + word] = (result[words + word] as number) | mask;
  }
  return result ?? cube;
}

/** The part of the cube that the terms do not match, as disjoint cubes. */
export function subtract(cube: Cube, terms: Terms): readonly Cube[] {
  if (intersect(cube, terms) === undefined) return [cube];
  const words = cube.length >> 1;
  const rest: Cube[] = [];
  const within = cube.slice();
  for (let i = 0; i < terms.length; i += 3) {
    const word = terms[i] as number;
    const value = terms[i + 1] as number;
    for (let open = (terms[i + 2] as number) & ~(within[words + word] as number); open !== 0; open &= open - 1) {
      const bit = open & -open;
      const outside = within.slice();
      outside[word] = (outside[word] as number) | (~value & bit);
      outside[words + word] = (outside[words + word] as number) | bit;
      rest.push(outside);
      within[word] = (within[word] as number) | (value & bit);
      within[words + word] = (within[words + word] as number) | bit;
    }
  }
  return rest;
}

/** The parts of the cubes that the terms match. */
export const intersectAll = (cubes: readonly Cube[], terms: Terms): readonly Cube[] =>
  cubes.flatMap((cube) => intersect(cube, terms) ?? []);

/** The parts of the cubes that the terms do not match. */
export const subtractAll = (cubes: readonly Cube[], terms: Terms): readonly Cube[] =>
  cubes.flatMap((cube) => subtract(cube, terms));

/** True when the terms match a part of one of the cubes. */
export const meets = (cubes: readonly Cube[], terms: Terms): boolean =>
  cubes.some((cube) => intersect(cube, terms) !== undefined);

/**
 * A part of the cube that none of these terms match, searched depth first; undefined where there is none, or the budget
 * (splits of a cube) is used up.
 */
export function firstLeft(cube: Cube, taken: readonly Terms[], budget: { left: number }, from = 0): Cube | undefined {
  for (let i = from; i < taken.length; i++) {
    const terms = taken[i] as Terms;
    if (intersect(cube, terms) === undefined) continue;
    if (--budget.left <= 0) return undefined;
    for (const rest of subtract(cube, terms)) {
      const left = firstLeft(rest, taken, budget, i + 1);
      if (left !== undefined) return left;
    }
    return undefined;
  }
  return cube;
}

/** Random damage to right messages: octets changed, cut off or added. */
import fc from 'fast-check';

/** Octets of one of these messages with some of them changed, cut off or added. */
export function damaged(recorded: readonly Buffer[]): fc.Arbitrary<Buffer> {
  return fc
    .tuple(
      fc.constantFrom(...recorded),
      fc.array(fc.tuple(fc.nat(2000), fc.integer({ min: 0, max: 0xff })), { maxLength: 6 }),
      fc.nat(2000),
      fc.boolean(),
    )
    .map(([octets, changes, cut, cuts]) => {
      const copy = Buffer.from(cuts ? octets.subarray(0, Math.max(8, cut % (octets.length + 1))) : octets);
      for (const [at, value] of changes) copy[at % copy.length] = value;
      if (cuts) copy.writeUInt16BE(copy.length, 2);
      return copy;
    });
}

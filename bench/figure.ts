/** One measured figure: ours beside a reference, both measured in the same run. */
export interface Figure {
  readonly bench: string;
  readonly figure: string;
  readonly ours: number;
  /** null where there is nothing to compare with. */
  readonly reference: number | null;
  readonly referenceName: string | null;
  /** ours ÷ reference. */
  readonly ratio: number | null;
  readonly unit: string;
  /** Interleaved rounds; the figures are medians. */
  readonly n: number;
}

/** The middle of some numbers; of an even count, the lower middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

/** Whoever misses a peer that a bench compares with. The bench ends with exit 3 and this line. */
export class MissingPeer extends Error {}

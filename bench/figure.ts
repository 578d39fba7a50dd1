/**
 * What a benchmark prints: figures, each ours beside a reference of the same run. Absolute values differ between machines
 * and between minutes of one machine; the ratio of two values measured in turns does not, so it is what to compare.
 */

/** One line of output. */
export interface Figure {
  /** The benchmark's name, as given on the command line. */
  readonly bench: string;
  readonly figure: string;
  /** In `unit`; null where nothing of ours is in it. */
  readonly ours: number | null;
  readonly reference: number | null;
  /** What `reference` is; null where there is none. */
  readonly referenceName: string | null;
  /** ours ÷ reference. Of times, below 1 is faster; of rates, above 1. */
  readonly ratio: number | null;
  readonly unit: string;
  /** How many measurements of each side are in it. */
  readonly n: number;
}

/** What a benchmark's file exports. */
export interface BenchModule {
  /** The command that brings what is missing to measure beside; undefined if nothing is. */
  missing?(): string | undefined;
  run(options: BenchOptions): Promise<readonly Figure[]>;
}

export interface BenchOptions {
  /** Five minutes at most. */
  readonly quick: boolean;
  /** The share of the size to measure at, where a benchmark has one; absent: all of it, or what `quick` takes. */
  readonly fraction?: number;
}

/** Four significant digits: what lies beyond is noise. */
const rounded = (value: number): number => Number(value.toPrecision(4));

/** A figure with its ratio computed. */
export function figure(
  what: Pick<Figure, 'bench' | 'figure' | 'unit' | 'n'>,
  ours: number,
  reference?: { readonly name: string; readonly value: number },
): Figure {
  const { bench, figure, unit, n } = what;
  return {
    bench,
    figure,
    ours: rounded(ours),
    reference: reference === undefined ? null : rounded(reference.value),
    referenceName: reference?.name ?? null,
    ratio: reference === undefined ? null : rounded(ours / reference.value),
    unit,
    n,
  };
}

/** The value below which a share `p` (0 to 1) of the values lies, by nearest rank; of an even number no mean is taken. */
export function percentile(values: readonly number[], p: number): number {
  if (values.length === 0) throw new Error('no values to take a percentile of');
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] as number;
}

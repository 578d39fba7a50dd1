/** One line of a benchmark's result: a median of interleaved rounds, beside its reference where there is one. */
export interface Figure {
  readonly bench: string;
  readonly figure: string;
  readonly ours: number;
  readonly reference: number | null;
  readonly referenceName: string | null;
  /** ours ÷ reference. */
  readonly ratio: number | null;
  readonly unit: string;
  /** Rounds measured. */
  readonly n: number;
}

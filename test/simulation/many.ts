/** Simulations one after the other, each from the next seed, until the time is over or one finds something. */
import { type SimulationResult, simulate } from './simulation.js';

export interface ManyOptions {
  readonly seconds: number;
  readonly firstSeed: number;
  /** Random events in each. */
  readonly events: number;
  /** Called after each. */
  readonly onDone?: (seed: number, result: SimulationResult) => void;
}

export interface ManyResult {
  readonly simulations: number;
  readonly steps: number;
  readonly proofs: number;
  readonly followed: number;
  readonly flowMods: number;
}

/** At least one. Rejects with what the first that fails has found, its seed and the command that repeats it. */
export async function simulateMany({ seconds, firstSeed, events, onDone }: ManyOptions): Promise<ManyResult> {
  const end = performance.now() + seconds * 1000;
  const sum = { simulations: 0, steps: 0, proofs: 0, followed: 0, flowMods: 0 };
  for (let seed = firstSeed; seed === firstSeed || performance.now() < end; seed += 1) {
    const result = await simulate({ seed, events });
    onDone?.(seed, result);
    sum.simulations += 1;
    for (const key of ['steps', 'proofs', 'followed', 'flowMods'] as const) sum[key] += result[key];
  }
  return sum;
}

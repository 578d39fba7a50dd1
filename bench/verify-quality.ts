/** The proof's quality: mutants that leak and are not found, alarms on right states. Everything follows from the seeds. */
import { falseAlarms, mutantQuality } from '../test/verify/quality.js';
import { type BenchOptions, type Figure, figure } from './figure.js';

const SEED = 1_000_000;

export async function run({ quick }: BenchOptions): Promise<readonly Figure[]> {
  const count = quick ? 1000 : 10_000;
  const quality = mutantQuality(SEED, count);
  console.error(`verify-quality: ${quality.mutants} mutants from seed ${SEED}, ${quality.leaking} of them leak`);
  for (const missed of [...quality.missed, ...quality.wrong]) console.error(`verify-quality: ${missed}`);
  const alarms = falseAlarms(SEED, count);
  for (const alarm of alarms) console.error(`verify-quality: ${alarm}`);
  const line = (name: string, value: number): Figure =>
    figure({ bench: 'verify-quality', figure: name, unit: 'count', n: count }, value);
  return [
    line('mutants', quality.mutants),
    line('mutants-missed', quality.missed.length),
    line('valid-states', count),
    line('false-alarms', alarms.length + quality.wrong.length),
  ];
}

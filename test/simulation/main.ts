/** `npm run simulate:faults`: simulations for so many seconds, or one again from its seed (`--seconds 0`). */
import { parseArgs } from 'node:util';
import { simulateMany } from './many.js';

const HELP = `npm run simulate:faults -- [--seconds N] [--seed S] [--events N]
  --seconds  how long (default 180); 0: one simulation
  --seed     of the first simulation, the next have the next ones (default: from the clock)
  --events   random events in each (default 60)
Ends with 1 and the command that repeats it where a simulation finds something.`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '180' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
      events: { type: 'string', default: '60' },
      help: { type: 'boolean', default: false },
    },
  });
  const [seconds, firstSeed, events] = [values.seconds, values.seed, values.events].map(Number) as [
    number,
    number,
    number,
  ];
  if (values.help || ![seconds, firstSeed, events].every((n) => Number.isInteger(n) && n >= 0)) {
    console.error(HELP);
    return values.help ? 0 : 2;
  }
  try {
    const onDone = (seed: number, { steps, proofs }: { steps: number; proofs: number }) =>
      console.error(`seed ${seed}: ${steps} steps, ${proofs} proofs`);
    const { simulations, ...sum } = await simulateMany({ seconds, firstSeed, events, onDone });
    console.log(`${simulations} simulations, nothing found: ${JSON.stringify(sum)}`);
    return 0;
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  }
}

process.exitCode = await main();

/** Waiting for something to come true, with a bound. */

const PATIENCE_MS = 60_000;
const STEP_MS = 50;

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until the answer is true; throws, naming what was waited for, after a minute. */
export async function eventually(what: string, probe: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await probe())) {
    if (performance.now() > end) throw new Error(`waited ${PATIENCE_MS / 1000} s for ${what}`);
    await sleep(STEP_MS);
  }
}

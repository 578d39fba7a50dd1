/** Ctrl-C in the middle of a benchmark: what was built is taken down all the same. */

/** What throws once a signal asked for the end, so that everything is taken down on the way out. */
export function untilInterrupted(): () => void {
  let interrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      interrupted = true;
    });
  return () => {
    if (interrupted) throw new Error('interrupted');
  };
}

/** A topology file, read, checked, and with a key for every network: nothing is applied from a file with a mistake. */
import { KeyStoreError, loadKeyMemory, saveKeyMemory, stateDirectory } from '../session/index.js';
import {
  type AllocateOptions,
  allocateKeys,
  formatKeyMemory,
  type Problem,
  parseTopology,
  type Topology,
} from '../topology/index.js';
import { formatProblem, readTopology } from './check.js';
import { CliError } from './errors.js';

/** The file has mistakes: all of them. */
export class ProblemsError extends Error {
  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
  }

  get lines(): readonly string[] {
    return this.problems.map(formatProblem);
  }
}

/**
 * Reads the file; allocated keys are on disk before the topology is given out. `hosts`: what is known of them, so that no
 * key gets free too early (AllocateOptions). Throws ProblemsError, CliError.
 */
export async function loadTopology(
  file: string,
  state: string | undefined,
  hosts: AllocateOptions['hosts'] = 'unknown',
): Promise<Topology> {
  const { draft, problems } = parseTopology(await readTopology(file), file);
  if (draft === undefined) throw new ProblemsError(problems);
  const directory = stateDirectory(state);
  try {
    const memory = await loadKeyMemory(directory);
    const allocated = allocateKeys(draft, memory, Date.now(), hosts === undefined ? {} : { hosts });
    if (allocated.topology === undefined) throw new ProblemsError(allocated.problems);
    if (formatKeyMemory(allocated.memory) !== formatKeyMemory(memory)) await saveKeyMemory(directory, allocated.memory);
    return allocated.topology;
  } catch (error) {
    if (error instanceof KeyStoreError) throw new CliError(error.message, 2);
    throw error;
  }
}

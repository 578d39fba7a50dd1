/**
 * The topology that a file means beside one that is in effect: networks keep the keys they have, new ones get what `run`
 * would give them. Nothing is remembered by this: a plan changes nothing.
 */
import { KeyStoreError, loadKeyMemory, stateDirectory } from '../session/index.js';
import { allocateKeys, EMPTY_MEMORY, type KeyMemory, parseTopology, type Topology } from '../topology/index.js';
import { formatProblem, readTopology } from './check.js';
import { CliError } from './errors.js';

const keysOf = ({ networks }: Topology): KeyMemory['keys'] =>
  Object.fromEntries(networks.map(({ path, key, encapsulation }) => [path, { key, encapsulation }]));

async function memoryOf(state: string | undefined): Promise<KeyMemory> {
  try {
    return await loadKeyMemory(stateDirectory(state));
  } catch (error) {
    if (error instanceof KeyStoreError) throw new CliError(error.message, 2);
    throw error;
  }
}

/** Of a file's text. Throws CliError 2 with every mistake. */
export async function topologyBeside(
  text: string,
  file: string,
  state: string | undefined,
  inEffect: Topology | undefined,
): Promise<Topology> {
  const { draft, problems } = parseTopology(text, file);
  if (draft === undefined) throw new CliError(problems.map(formatProblem).join('\n'), 2);
  const memory = await memoryOf(state);
  const known = inEffect === undefined ? memory : { ...memory, keys: { ...memory.keys, ...keysOf(inEffect) } };
  const { topology, problems: refused } = allocateKeys(draft, known ?? EMPTY_MEMORY, Date.now());
  if (topology === undefined) throw new CliError(refused.map(formatProblem).join('\n'), 2);
  return topology;
}

/** The same of a file. */
export const readTopologyBeside = async (
  file: string,
  state: string | undefined,
  inEffect?: Topology,
): Promise<Topology> => topologyBeside(await readTopology(file), file, state, inEffect);

/**
 * The key memory on disk: `keys.json` in the state directory. Written whole to a temporary file, flushed and renamed,
 * so that a crash or a full disk leaves the old file or the new one. A file that cannot be read is never replaced by an
 * empty one: forgotten keys would be given to other networks while hosts still know them.
 */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { EMPTY_MEMORY, formatKeyMemory, type KeyMemory, parseKeyMemory } from '../topology/index.js';

/** `file` could not be read or written; the message names it and says what to do. */
export class KeyStoreError extends Error {
  constructor(
    readonly file: string,
    message: string,
    cause: unknown,
  ) {
    super(message, { cause });
  }
}

/**
 * `given` (of `--state`), or `$XDG_STATE_HOME/kakuri`, or `~/.local/state/kakuri`; a relative XDG_STATE_HOME is ignored,
 * as the XDG Base Directory Specification asks.
 */
export function stateDirectory(given?: string, environment: NodeJS.ProcessEnv = process.env): string {
  if (given !== undefined) return resolve(given);
  const xdg = environment.XDG_STATE_HOME ?? '';
  return join(isAbsolute(xdg) ? xdg : join(homedir(), '.local', 'state'), 'kakuri');
}

export function keyFile(directory: string): string {
  return join(directory, 'keys.json');
}

/** The memory in `directory`; the empty one if there is no file yet. Throws KeyStoreError, and changes nothing. */
export async function loadKeyMemory(directory: string): Promise<KeyMemory> {
  const file = keyFile(directory);
  try {
    return parseKeyMemory(await readFile(file, 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return EMPTY_MEMORY;
    if (codeOf(error) !== undefined) throw new KeyStoreError(file, `${file}: cannot read it: ${reason(error)}`, error);
    const advice = 'restore it from a backup, or name another directory with --state';
    throw new KeyStoreError(file, `${file}: not a key memory of Kakuri (${reason(error)}): ${advice}`, error);
  }
}

/** Puts `memory` in the place of what `directory` held; after it returns, a crash of the machine keeps it. */
export async function saveKeyMemory(directory: string, memory: KeyMemory): Promise<void> {
  const file = keyFile(directory);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await replace(file, formatKeyMemory(memory));
    await flushDirectory(directory);
  } catch (error) {
    const advice = codeOf(error) === 'ENOSPC' ? 'the disk is full: make room' : reason(error);
    throw new KeyStoreError(file, `${file}: cannot save the tunnel keys: ${advice}`, error);
  }
}

async function replace(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await writeFlushed(temporary, text);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeFlushed(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A rename is on disk when its directory is: fsync(2). */
async function flushDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The code of an error of the system, such as `ENOENT`. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * One controller for each state directory: two would allocate the same tunnel key to different networks, and each would
 * undo what the other sends. The lock is a socket in Linux' abstract namespace (unix(7)), named by device and inode, so
 * that every path to the directory means the same lock and the kernel frees it when its holder dies, by kill -9 too.
 * It holds among processes of one machine and one network namespace; nothing is written, so a full disk does not matter.
 */
import { mkdir, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';

/** The state directory is in use, or cannot be; the message says which, and what to do. */
export class StateLockError extends Error {
  constructor(
    readonly directory: string,
    message: string,
    cause: unknown,
  ) {
    super(`${directory}: ${message}`, { cause });
  }
}

/** Lets another controller have the directory. */
export interface StateLock {
  release(): Promise<void>;
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function claimed(name: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(name, () => {
      server.unref();
      resolve(server);
    });
  });
}

/** Makes `directory` where it is missing, and takes its lock. Throws StateLockError. */
export async function lockState(directory: string): Promise<StateLock> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const { dev, ino } = await stat(directory, { bigint: true });
    const server = await claimed(`\0kakuri-state-${dev}-${ino}`);
    return { release: () => new Promise((resolve) => server.close(() => resolve())) };
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    const why = taken
      ? 'another controller uses this state directory: end it, or name another one with --state'
      : `cannot be the state directory: ${reason(error)}`;
    throw new StateLockError(directory, why, error);
  }
}

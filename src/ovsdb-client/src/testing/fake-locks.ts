/** The fake server's locks (RFC 7047 4.1.8): for each name a queue of sessions, whose first holds it. */

export interface LockOwner {
  readonly notify: (method: 'locked' | 'stolen', lock: string) => void;
}

export class FakeLocks {
  readonly #queues = new Map<string, LockOwner[]>();

  owns(owner: LockOwner, lock: string): boolean {
    return this.#queues.get(lock)?.[0] === owner;
  }

  waits(owner: LockOwner, lock: string): boolean {
    return this.#queues.get(lock)?.includes(owner) ?? false;
  }

  /** Queues up; whether the lock is held at once. */
  lock(owner: LockOwner, lock: string): boolean {
    const queue = this.#queues.get(lock) ?? [];
    this.#queues.set(lock, [...queue, owner]);
    return queue.length === 0;
  }

  /** Takes the first place; whoever had it is told and waits again. */
  steal(owner: LockOwner, lock: string): void {
    const queue = this.#queues.get(lock) ?? [];
    queue[0]?.notify('stolen', lock);
    this.#queues.set(lock, [owner, ...queue]);
  }

  /** Gives up a place. Like ovsdb-server, then tells the one in the first place that it has the lock, even if it had it before. */
  unlock(owner: LockOwner, lock: string): void {
    const queue = this.#queues.get(lock) ?? [];
    const rest = queue.filter((each) => each !== owner);
    if (rest.length === 0) this.#queues.delete(lock);
    else this.#queues.set(lock, rest);
    rest[0]?.notify('locked', lock);
  }

  /** A session has ended. */
  leave(owner: LockOwner): void {
    for (const [lock, queue] of [...this.#queues]) if (queue.includes(owner)) this.unlock(owner, lock);
  }
}

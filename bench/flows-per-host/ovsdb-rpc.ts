/** One transaction in an ovsdb-server, as RFC 7047 has it on the wire: ovn-nbctl and ovn-sbctl take minutes for 10,000 rows. */
import { connect } from 'node:net';
import { Framer } from 'ovsdb-client';

export type Operation = Readonly<Record<string, unknown>>;
interface Result {
  readonly error?: string;
  readonly details?: string;
  readonly rows?: readonly Readonly<Record<string, unknown>>[];
}

/** The results of `operations`, all done or none. Throws what the server says against one. */
export function transact(socketPath: string, database: string, operations: readonly Operation[]): Promise<Result[]> {
  return new Promise((found, failed) => {
    const framer = new Framer();
    const request = { method: 'transact', params: [database, ...operations], id: 0 };
    const socket = connect(socketPath, () => socket.write(JSON.stringify(request)));
    socket.on('error', failed);
    socket.on('data', (piece: Buffer) => {
      for (const message of framer.push(piece)) {
        const { id, result } = JSON.parse(message.toString()) as { id: unknown; result: Result[] };
        // The server's own echo requests have another id; this connection is over before they matter.
        if (id !== 0) continue;
        socket.destroy();
        const wrong = result.find((one) => one?.error !== undefined);
        if (wrong === undefined) found(result);
        else failed(new Error(`${database}: ${wrong.error}: ${wrong.details}`));
      }
    });
  });
}

/** A set, and a reference to a row that the same transaction inserts. */
export const set = (items: readonly unknown[]): readonly unknown[] => ['set', items];
export const inserted = (name: string): readonly unknown[] => ['named-uuid', name];

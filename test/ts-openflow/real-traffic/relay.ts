/**
 * A relay between an OpenFlow client and a switch on unix sockets that keeps every octet of both directions, unchanged
 * and in order. It knows no OpenFlow: `messages` cuts the kept octets by the header's length, nothing else.
 */
import { createServer, connect as dial, type Socket } from 'node:net';

/** One connection's octets as they passed. */
export interface Passed {
  readonly toSwitch: Buffer[];
  readonly fromSwitch: Buffer[];
}

export interface Relay {
  /** What passed so far, one entry a connection. */
  readonly passed: readonly Passed[];
  close(): Promise<void>;
}

function join(from: Socket, to: Socket, kept: Buffer[]): void {
  from.on('data', (octets) => {
    kept.push(octets as Buffer);
    to.write(octets);
  });
  from.on('end', () => to.end());
  // A client that is killed resets its half; what passed before is kept, and the other half ends as well.
  from.on('error', () => to.destroy());
}

/** Listens on the unix socket `path` and dials the unix socket `target` for each client. */
export async function startRelay(path: string, target: string): Promise<Relay> {
  const passed: Passed[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const one: Passed = { toSwitch: [], fromSwitch: [] };
    passed.push(one);
    const toSwitch = dial(target);
    join(client, toSwitch, one.toSwitch);
    join(toSwitch, client, one.fromSwitch);
    for (const socket of [client, toSwitch]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
  });
  server.unref();
  await new Promise<void>((done, failed) => server.once('error', failed).listen(path, done));
  return {
    passed,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** The whole messages in a stream of OpenFlow; a last one that is cut short is left out. */
export function messages(chunks: readonly Buffer[]): Buffer[] {
  const stream = Buffer.concat(chunks);
  const found: Buffer[] = [];
  for (let at = 0; at + 8 <= stream.length; ) {
    const length = stream.readUInt16BE(at + 2);
    if (length < 8) throw new Error(`a message of ${length} octets at ${at}`);
    if (at + length > stream.length) break;
    found.push(stream.subarray(at, at + length));
    at += length;
  }
  return found;
}

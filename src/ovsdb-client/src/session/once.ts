/** One connection for a few requests: opened, used, closed; no replica, no reconnect. For tools. */
import { parseActive } from '../address.js';
import { OvsdbError } from '../errors.js';
import { dial, type TlsOptions } from './dial.js';
import { RpcConnection } from './rpc.js';

/** Connects, calls `use`, closes. Rejects with OvsdbError `connection lost` where it cannot connect within `connectMs`. */
export async function withConnection<T>(
  remote: string,
  use: (rpc: RpcConnection) => Promise<T>,
  { tls, connectMs = 5000 }: { readonly tls?: TlsOptions; readonly connectMs?: number } = {},
): Promise<T> {
  const rpc = await open(remote, tls, connectMs);
  try {
    return await use(rpc);
  } finally {
    rpc.close(new OvsdbError('connection lost', { details: 'closed by the client' }));
  }
}

function open(remote: string, tls: TlsOptions | undefined, connectMs: number): Promise<RpcConnection> {
  const ignore = () => undefined;
  return new Promise((resolve, reject) => {
    const failed = (details: string, cause?: Error) => {
      socket.destroy();
      reject(new OvsdbError('connection lost', { details: `${remote}: ${details}`, cause }));
    };
    const timer = setTimeout(() => failed(`no connection within ${connectMs} ms`), connectMs);
    const socket = dial(parseActive(remote), tls, () => {
      clearTimeout(timer);
      socket.off('error', onError);
      resolve(new RpcConnection(socket, { onActivity: ignore, onNotification: ignore, onClose: ignore }));
    });
    const onError = (cause: Error) => {
      clearTimeout(timer);
      failed(cause.message, cause);
    };
    socket.on('error', onError);
  });
}

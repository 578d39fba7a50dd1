/** The declaration of the schema `conformance`, and a client of it. */
import {
  boolean,
  type DatabaseDeclaration,
  int64,
  mapOf,
  OvsdbClient,
  type OvsdbClientOptions,
  optional,
  real,
  setOf,
  string,
  uuid,
  uuidOf,
} from 'ovsdb-client';

export const CONFORMANCE = {
  atoms: {
    i: int64,
    r: real,
    b: boolean,
    s: string,
    u: uuid,
    i_range: int64,
    r_range: optional(real),
    s_len: optional(string),
    s_enum: optional(string),
    i_enum: optional(int64),
    fixed: int64,
    eph: string,
  },
  colls: {
    name: string,
    si: setOf(int64),
    ss: setOf(string),
    sr: setOf(real),
    su: setOf(uuid),
    two: setOf(int64),
    mss: mapOf(string),
    mis: mapOf(int64, string),
    mir: mapOf(int64, real),
  },
  parent: {
    name: string,
    kids: setOf(uuidOf('child')),
    fav: optional(uuidOf('child')),
    byname: mapOf(uuidOf('child')),
  },
  child: { name: string, n: int64 },
  lone: { n: int64 },
  blob: { data: string, seq: int64 },
} as const satisfies DatabaseDeclaration;

export type Conformance = typeof CONFORMANCE;
type Options = Partial<Omit<OvsdbClientOptions<Conformance>, 'remotes'>>;

export function conformanceClient(remote: string | readonly string[], options: Options = {}): OvsdbClient<Conformance> {
  const remotes = typeof remote === 'string' ? [remote] : remote;
  return new OvsdbClient({ database: 'conformance', tables: CONFORMANCE, ...options, remotes }).start();
}

/** Resolves once the client is synced. */
export function synced(client: Pick<OvsdbClient<Conformance>, 'status' | 'onStatus'>, ms = 8000): Promise<void> {
  return new Promise((resolve, reject) => {
    if (client.status.state === 'synced') return resolve();
    const timer = setTimeout(
      () => reject(new Error(`not synced: ${client.status.state}, ${client.status.reason}`)),
      ms,
    );
    const stop = client.onStatus(({ state }) => {
      if (state !== 'synced') return;
      clearTimeout(timer);
      stop();
      resolve();
    });
  });
}

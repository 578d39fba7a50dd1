/**
 * What `_Server.Database` says of the database one wants (ovsdb-server(5)): whether this server is fit to be used. Followed
 * while connected, so that a change of leader, or a member's removal from its cluster, moves the client on. Pure.
 */
import { boolean, type DatabaseDeclaration, ifPresent, int64, optional, string, uuid } from '../schema/columns.js';
import type { StoredRow } from '../schema/row.js';

/** The part of `_Server` that is followed. */
export const SERVER_DATABASE = {
  Database: {
    name: string,
    model: string,
    connected: boolean,
    leader: boolean,
    cid: ifPresent(optional(uuid)),
    sid: ifPresent(optional(uuid)),
    index: ifPresent(optional(int64)),
  },
} as const satisfies DatabaseDeclaration;
export type ServerDatabase = StoredRow<typeof SERVER_DATABASE.Database>;

export interface ClusterWish {
  readonly database: string;
  /** Only the leader of a cluster will do; other members may be behind. */
  readonly leaderOnly: boolean;
  /** The highest Raft index seen of the cluster: a member behind it would take us back in time. */
  readonly minIndex: bigint;
}

/** Why this server will not do, or undefined if it will. */
export function unfit(
  row: ServerDatabase | undefined,
  { database, leaderOnly, minIndex }: ClusterWish,
): string | undefined {
  if (!row) return `database ${database} is not served here`;
  if (!row.connected)
    return row.model === 'clustered'
      ? 'this member has lost its cluster, or was removed from it'
      : 'the database is not connected';
  if (row.model !== 'clustered') return undefined;
  if (leaderOnly && !row.leader) return 'this member is not the leader';
  if (row.index !== undefined && row.index < minIndex)
    return `this member is stale: index ${row.index}, known ${minIndex}`;
  return undefined;
}

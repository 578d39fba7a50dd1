/**
 * What a table of the pipeline is: its place, the fields it may match, and its flows for each kind of object. A match on
 * a field that the declaration does not name does not compile. Tables refer to each other by value (`goto: guard`), and
 * only forward, so that the order of the list is the order of the pipeline.
 */
import type { Action, FieldName, Match } from 'ts-openflow';
import type { DropReason } from './drops.js';
import type { Address, LocalNetwork, LocalPort, Peer, RemotePort, Sender, TunnelPort } from './view.js';

/** A match on the named fields only; the `never` half is what makes others an error. */
export type MatchOf<N extends FieldName> = { readonly [K in N]?: NonNullable<Match[K]> } & {
  readonly [K in Exclude<FieldName, N>]?: never;
};

/** One flow of a table: where it stands, what it does, and why it is there. */
export interface TableFlow<N extends FieldName = FieldName> {
  readonly priority: number;
  readonly match: MatchOf<N>;
  /** Applied in this order; none for a drop. */
  readonly actions?: readonly Action[];
  readonly goto?: { readonly id: number };
  readonly meter?: number;
  /** Set on every flow that ends a packet's way: the drop is counted under it. */
  readonly drop?: DropReason;
  /** One clause that says why the flow is there; `flows --explain` prints it. */
  readonly why: string;
}

/** The kinds of object, each with the value its flows are made from. */
export interface ObjectValues {
  /** The host itself: what every bridge needs. */
  readonly host: null;
  readonly tunnel: TunnelPort;
  /** A VTEP that may send to this host by that tunnel port, for any network. */
  readonly vtep: { readonly tunnel: TunnelPort; readonly vtep: string; readonly host: string };
  readonly network: LocalNetwork;
  readonly port: LocalPort;
  readonly address: Address;
  readonly remote: RemotePort;
  readonly peer: Peer;
  readonly sender: Sender;
}
export type ObjectKind = keyof ObjectValues;

/** A table's declaration. Each member named after a kind of object gives the flows that one object needs in it. */
export type Table<N extends FieldName = FieldName> = {
  readonly id: number;
  /** Also its name in Open vSwitch (Flow_Table.name). */
  readonly name: string;
  /** One sentence for PIPELINE.md. */
  readonly question: string;
  readonly matches: readonly N[];
} & { readonly [K in ObjectKind]?: (object: ObjectValues[K]) => readonly TableFlow<N>[] };

/** Declares a table; the identity function that gives the flows their type. */
export const table = <const N extends FieldName>(declaration: Table<N>): Table<N> => declaration;

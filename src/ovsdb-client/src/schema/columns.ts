/**
 * The vocabulary in which a program declares the columns it uses. Everything else follows from the declaration: the type of
 * a row, the check against the server's schema, decoding, encoding and what is monitored.
 *
 *   const DB = { Bridge: { name: string, ports: setOf(uuidOf('Port')), fail_mode: optional(string) } } as const satisfies DatabaseDeclaration;
 *   type Bridge = Row<typeof DB.Bridge>;   // { name: string; ports: ReadonlySet<string>; fail_mode: string | undefined }
 */

export type Base = 'string' | 'integer' | 'int64' | 'real' | 'boolean' | 'uuid';

export interface Atom<B extends Base = Base> {
  readonly kind: 'atom';
  readonly base: B;
  readonly refTable?: string;
}
/** At most one value: `min: 0, max: 1` in the schema. */
export interface OptionalColumn<K extends Atom = Atom> {
  readonly kind: 'optional';
  readonly key: K;
}
export interface SetColumn<K extends Atom = Atom> {
  readonly kind: 'set';
  readonly key: K;
}
export interface MapColumn<K extends Atom = Atom, V extends Atom = Atom> {
  readonly kind: 'map';
  readonly key: K;
  readonly value: V;
}
export type Shape = Atom | OptionalColumn | SetColumn | MapColumn;
/** A column the server may lack: its value is then undefined. */
export interface IfPresent<S extends Shape = Shape> {
  readonly kind: 'ifPresent';
  readonly column: S;
}
export type Column = Shape | IfPresent;

/** Marks a table that the server may lack: it then has no rows. */
export const TABLE_IF_PRESENT: unique symbol = Symbol('ovsdb-client: the server may lack this table');

export type TableIfPresent = { readonly [TABLE_IF_PRESENT]: true };

export interface TableDeclaration {
  readonly [column: string]: Column;
  readonly [TABLE_IF_PRESENT]?: true;
}
export interface DatabaseDeclaration {
  readonly [table: string]: TableDeclaration;
}

const atom = <B extends Base>(base: B): Atom<B> => ({ kind: 'atom', base });

export const string = atom('string');
/** A number. A value beyond ±(2^53 - 1) is an error, never a rounded number: declare such a column `int64`. */
export const integer = atom('integer');
/** All 64 bits, as a bigint. */
export const int64 = atom('int64');
export const real = atom('real');
export const boolean = atom('boolean');
export const uuid = atom('uuid');
/** A uuid that refers to a row of `refTable`; checked against the schema. */
export const uuidOf = (refTable: string): Atom<'uuid'> => ({ kind: 'atom', base: 'uuid', refTable });

export const optional = <K extends Atom>(key: K): OptionalColumn<K> => ({ kind: 'optional', key });
export const setOf = <K extends Atom>(key: K): SetColumn<K> => ({ kind: 'set', key });

/** A map: `mapOf(VALUE)` has string keys, `mapOf(KEY, VALUE)` any. */
export function mapOf<V extends Atom>(value: V): MapColumn<Atom<'string'>, V>;
export function mapOf<K extends Atom, V extends Atom>(key: K, value: V): MapColumn<K, V>;
export function mapOf(first: Atom, second?: Atom): MapColumn {
  return second === undefined ? { kind: 'map', key: string, value: first } : { kind: 'map', key: first, value: second };
}

/** A column that servers may lack (an older or newer schema); then its value is undefined. */
export const ifPresent = <S extends Shape>(column: S): IfPresent<S> => ({ kind: 'ifPresent', column });
/** A table that servers may lack; then it has no rows, and an operation on it fails at the server. */
export const tableIfPresent = <T extends Record<string, Column>>(columns: T): T & TableIfPresent => ({
  ...columns,
  [TABLE_IF_PRESENT]: true,
});

/** The shape of a column, whether or not the server may lack it. */
export const shapeOf = (column: Column): Shape => (column.kind === 'ifPresent' ? column.column : column);

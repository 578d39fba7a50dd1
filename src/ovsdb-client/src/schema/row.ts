/**
 * The types that follow from a declaration: what is read (`Row`), what may be written (`RowInput`), and what may stand in
 * a condition or a mutation.
 */
import type {
  Atom,
  DatabaseDeclaration,
  IfPresent,
  MapColumn,
  OptionalColumn,
  SetColumn,
  TableDeclaration,
} from './columns.js';

interface Values {
  string: string;
  integer: number;
  int64: bigint;
  real: number;
  boolean: boolean;
  uuid: string;
}

/** A row inserted by the same transaction, before the server has given it its uuid. */
export interface NamedUuid {
  readonly namedUuid: string;
}
interface Inputs extends Omit<Values, 'uuid' | 'int64'> {
  uuid: string | NamedUuid;
  int64: bigint | number;
}

export type AtomValue<A> = A extends Atom<infer B> ? Values[B] : never;
export type AtomInput<A> = A extends Atom<infer B> ? Inputs[B] : never;

export type ColumnValue<C> =
  C extends IfPresent<infer S>
    ? ColumnValue<S> | undefined
    : C extends OptionalColumn<infer K>
      ? AtomValue<K> | undefined
      : C extends SetColumn<infer K>
        ? ReadonlySet<AtomValue<K>>
        : C extends MapColumn<infer K, infer V>
          ? ReadonlyMap<AtomValue<K>, AtomValue<V>>
          : AtomValue<C>;

type MapInput<K, V> =
  | ReadonlyMap<AtomInput<K>, AtomInput<V>>
  | (K extends Atom<'string' | 'uuid'> ? { readonly [key: string]: AtomInput<V> } : never)
  | (K extends Atom<'integer' | 'int64'> ? { readonly [key: number]: AtomInput<V> } : never);
type Members<K> = readonly AtomInput<K>[] | ReadonlySet<AtomInput<K>>;

/** What may be written into a column. A set takes an array or a Set, a map a Map or a plain object, an optional undefined for "none". */
export type ColumnInput<C> =
  C extends IfPresent<infer S>
    ? ColumnInput<S>
    : C extends OptionalColumn<infer K>
      ? AtomInput<K> | undefined
      : C extends SetColumn<infer K>
        ? Members<K>
        : C extends MapColumn<infer K, infer V>
          ? MapInput<K, V>
          : AtomInput<C>;

/** A condition's value: a column's value, or for a set or optional column one member. */
export type ConditionInput<C> =
  C extends IfPresent<infer S>
    ? ConditionInput<S>
    : C extends SetColumn<infer K>
      ? Members<K> | AtomInput<K>
      : C extends OptionalColumn<infer K>
        ? AtomInput<K> | undefined
        : ColumnInput<C>;

/** A mutation's value: a number for arithmetic, members to insert or delete, keys to delete from a map. */
export type MutationInput<C> =
  C extends IfPresent<infer S>
    ? MutationInput<S>
    : C extends SetColumn<infer K>
      ? Members<K> | AtomInput<K>
      : C extends OptionalColumn<infer K>
        ? Members<K> | AtomInput<K>
        : C extends MapColumn<infer K, infer V>
          ? MapInput<K, V> | Members<K>
          : AtomInput<C>;

/** Names of the columns of a table, or tables of a database. */
export type NameOf<T> = keyof T & string;

/** A row as it is read, without its uuid. */
export type Row<T extends TableDeclaration> = { readonly [N in NameOf<T>]: ColumnValue<T[N]> };
/** A row as the replica and `select` give it. */
export type StoredRow<T extends TableDeclaration> = Row<T> & { readonly _uuid: string };
/** A row as it is written: any of its columns. */
export type RowInput<T extends TableDeclaration> = { readonly [N in NameOf<T>]?: ColumnInput<T[N]> };

/** One row's change, of whichever table: `old` undefined is an insert, `new` undefined a delete. */
export type Change<D extends DatabaseDeclaration> = {
  [N in NameOf<D>]: {
    readonly table: N;
    readonly uuid: string;
    readonly old: StoredRow<D[N]> | undefined;
    readonly new: StoredRow<D[N]> | undefined;
  };
}[NameOf<D>];

/**
 * Maps of which every change makes a new value that shares what did not change with the old one: a change costs the same
 * however many entries there are. They are handed on as ReadonlyMap, so nobody else depends on the library.
 */
import { isMap, Map as SharingMap } from 'immutable';

const sharing = <K, V>(map: ReadonlyMap<K, V>): SharingMap<K, V> =>
  isMap(map) ? (map as unknown as SharingMap<K, V>) : SharingMap(map);

const readonly = <K, V>(map: SharingMap<K, V>): ReadonlyMap<K, V> => map as unknown as ReadonlyMap<K, V>;

/** A map of these entries that is cheap to change. */
export const sharingMap = <K, V>(entries: Iterable<readonly [K, V]>): ReadonlyMap<K, V> =>
  readonly(SharingMap(entries as Iterable<[K, V]>));

export const withEntry = <K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> =>
  readonly(sharing(map).set(key, value));

/** All of these set, or taken away where the value is undefined; the same map where there are none. */
export const withEntries = <K, V>(
  map: ReadonlyMap<K, V>,
  entries: Iterable<readonly [K, V | undefined]>,
): ReadonlyMap<K, V> =>
  readonly(
    sharing(map).withMutations((changing) => {
      for (const [key, value] of entries)
        if (value === undefined) changing.delete(key);
        else changing.set(key, value);
    }),
  );

/** Conditions (RFC 7047 section 5.1, `<condition>`): which rows an operation is about. */

import { OvsdbError } from '../errors.js';
import type { TableDeclaration } from '../schema/columns.js';
import { uuid as UUID } from '../schema/columns.js';
import { encodeCondition } from '../schema/encode.js';
import type { ConditionInput, NamedUuid, NameOf } from '../schema/row.js';

export type ConditionFunction = '<' | '<=' | '==' | '!=' | '>=' | '>' | 'includes' | 'excludes';
export type UuidCondition = readonly ['_uuid', '==' | '!=' | 'includes' | 'excludes', string | NamedUuid];
/** One condition on a column. For sets and maps `includes` means every member given, `excludes` none of them. */
export type Condition<T extends TableDeclaration> =
  | UuidCondition
  | { readonly [N in NameOf<T>]: readonly [N, ConditionFunction, ConditionInput<T[N]>] }[NameOf<T>];
/** All conditions must hold; `[]` is every row. */
export type Where<T extends TableDeclaration> = readonly Condition<T>[];

/** The one row of this uuid. */
export const byUuid = (uuid: string | NamedUuid): readonly [UuidCondition] => [['_uuid', '==', uuid]];

/** The JSON of a where clause. Throws OvsdbError `bad value`. */
export function encodeWhere(
  table: TableDeclaration,
  where: readonly (readonly [string, string, unknown])[],
): unknown[] {
  return where.map(([column, fn, value]) => [column, fn, encodeCondition(column, columnOf(table, column), value)]);
}

/** The declaration of a column, `_uuid` included. Throws OvsdbError `bad value`. */
export function columnOf(table: TableDeclaration, name: string) {
  const column = name === '_uuid' || name === '_version' ? UUID : Object.hasOwn(table, name) ? table[name] : undefined;
  if (!column) throw new OvsdbError('bad value', { details: `column ${name} is not declared` });
  return column;
}

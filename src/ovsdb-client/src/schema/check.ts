/** The check of a declaration against the server's schema: every difference at once, in words. Pure. */
import { type Atom, type Column, type DatabaseDeclaration, shapeOf, TABLE_IF_PRESENT } from './columns.js';
import type { BaseType, ColumnSchema, DatabaseSchema } from './server-schema.js';

function baseText(base: BaseType): string {
  return base.refTable === undefined ? base.type : `${base.type} of ${base.refTable}`;
}

/** A column's type in words, e.g. `map of string to uuid of Flow_Table`. */
export function typeText({ key, value, min, max }: ColumnSchema): string {
  if (value) return `map of ${baseText(key)} to ${baseText(value)}`;
  if (max > 1) return `set of ${baseText(key)}`;
  return min === 0 ? `optional ${baseText(key)}` : baseText(key);
}

function atomFits(declared: Atom, actual: BaseType): boolean {
  const base = declared.base === 'int64' ? 'integer' : declared.base;
  return base === actual.type && (declared.refTable === undefined || declared.refTable === actual.refTable);
}

/** Whether a column of this type can be read as declared. A set column may be read as a set whatever its bounds. */
export function columnFits(column: Column, actual: ColumnSchema): boolean {
  const shape = shapeOf(column);
  switch (shape.kind) {
    case 'map':
      return actual.value !== undefined && atomFits(shape.key, actual.key) && atomFits(shape.value, actual.value);
    case 'set':
      return actual.value === undefined && atomFits(shape.key, actual.key);
    case 'optional':
      return actual.value === undefined && actual.max === 1 && atomFits(shape.key, actual.key);
    case 'atom':
      return actual.value === undefined && actual.min === 1 && actual.max === 1 && atomFits(shape, actual.key);
    default:
      return shape satisfies never;
  }
}

function declaredText(column: Column): string {
  const shape = shapeOf(column);
  const atomText = (atom: Atom) => (atom.refTable === undefined ? atom.base : `${atom.base} of ${atom.refTable}`);
  if (shape.kind === 'atom') return atomText(shape);
  if (shape.kind === 'map') return `map of ${atomText(shape.key)} to ${atomText(shape.value)}`;
  return `${shape.kind === 'set' ? 'set of' : 'optional'} ${atomText(shape.key)}`;
}

/** What of the declaration the server cannot serve, one sentence each; empty when all is well. */
export function schemaMismatches(declaration: DatabaseDeclaration, schema: DatabaseSchema): string[] {
  const wrong: string[] = [];
  for (const [name, columns] of Object.entries(declaration)) {
    const table = schema.tables[name];
    if (!table) {
      if (!columns[TABLE_IF_PRESENT]) wrong.push(`table ${name} is missing`);
      continue;
    }
    for (const [column, type] of Object.entries(columns)) {
      const actual = table.columns[column];
      if (actual === undefined) {
        if (type.kind !== 'ifPresent') wrong.push(`column ${name}.${column} is missing`);
      } else if (!columnFits(type, actual))
        wrong.push(`column ${name}.${column} is declared ${declaredText(type)}, the server has ${typeText(actual)}`);
    }
  }
  return wrong;
}

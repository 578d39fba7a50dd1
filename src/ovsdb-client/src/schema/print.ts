/** Prints the declaration (TypeScript) of a server's schema, to copy the tables and columns one needs from. Pure. */
import type { BaseType, ColumnSchema, DatabaseSchema } from './server-schema.js';

const NAME = /^[A-Za-z_$][\w$]*$/;
const keyText = (name: string) => (NAME.test(name) ? name : JSON.stringify(name));

/** An integer that cannot leave the safe range is a `number`, any other a `bigint`. */
function atomText(base: BaseType): string {
  if (base.type === 'uuid') return base.refTable === undefined ? 'uuid' : `uuidOf('${base.refTable}')`;
  if (base.type !== 'integer') return base.type;
  const bounds = base.enum ?? [base.minInteger ?? -(2n ** 63n), base.maxInteger ?? 2n ** 63n];
  return bounds.every((bound) => Number.isSafeInteger(Number(bound))) ? 'integer' : 'int64';
}

function columnText({ key, value, min, max }: ColumnSchema): string {
  if (value) {
    const types = [atomText(key), atomText(value)];
    return `mapOf(${(types[0] === 'string' ? types.slice(1) : types).join(', ')})`;
  }
  if (max > 1) return `setOf(${atomText(key)})`;
  return min === 0 ? `optional(${atomText(key)})` : atomText(key);
}

/** The whole module: imports, one constant, every table and column. */
export function declarationText(schema: DatabaseSchema): string {
  const tables = Object.entries(schema.tables).map(([table, { columns }]) => {
    const lines = Object.entries(columns).map(([name, column]) => `    ${keyText(name)}: ${columnText(column)},\n`);
    return `  ${keyText(table)}: {\n${lines.join('')}  },\n`;
  });
  const body = tables.join('');
  const words = ['boolean', 'int64', 'integer', 'mapOf', 'optional', 'real', 'setOf', 'string', 'uuid', 'uuidOf'];
  const used = words.filter((word) => new RegExp(`[ (]${word}[,()]`).test(body));
  const constant = schema.name.replace(/[^A-Za-z0-9]/g, '_').toUpperCase();
  return `import { type DatabaseDeclaration, ${used.join(', ')} } from 'ovsdb-client';

/** ${schema.name} ${schema.version} */
export const ${constant} = {
${body}} as const satisfies DatabaseDeclaration;
`;
}

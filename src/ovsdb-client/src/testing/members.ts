/**
 * The members of each operation in the fake server (RFC 7047 section 5.2): which must be there, which may, and of which type. Like
 * ovsdb-server, which lets a mistake here count before anything that carrying the operation out might find.
 */
import { fault } from './datum.js';

/** What names of tables, locks and rows look like. */
export const ID = /^[A-Za-z_][A-Za-z0-9_]*$/;

const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
const TYPES = {
  id: (value: unknown) => typeof value === 'string' && ID.test(value),
  string: (value: unknown) => typeof value === 'string',
  boolean: (value: unknown) => typeof value === 'boolean',
  number: (value: unknown) => typeof value === 'number' || typeof value === 'bigint',
  array: (value: unknown) => Array.isArray(value),
  object: isObject,
};
/** A member's type, with `?` where it may be missing. */
type MemberType = keyof typeof TYPES | `${keyof typeof TYPES}?`;
type Members = { readonly [member: string]: MemberType };

const OPERATIONS: { readonly [op: string]: Members } = {
  insert: { table: 'id', 'uuid-name': 'id?', row: 'object' },
  select: { table: 'id', where: 'array', columns: 'array?' },
  update: { table: 'id', where: 'array', row: 'object' },
  mutate: { table: 'id', where: 'array', mutations: 'array' },
  delete: { table: 'id', where: 'array' },
  wait: { timeout: 'number?', table: 'id', where: 'array', columns: 'array?', until: 'string', rows: 'array' },
  commit: { durable: 'boolean' },
  abort: {},
  comment: { comment: 'string' },
  assert: { lock: 'id' },
};

/** An object of any members. Throws `syntax error`. */
export function parseObject(json: unknown): { readonly [member: string]: unknown } {
  if (!isObject(json)) throw fault('syntax error', 'object expected');
  return json as { readonly [member: string]: unknown };
}

/** An object that has these members and no others. Throws `syntax error`. */
export function parseMembers(json: unknown, members: Members): { readonly [member: string]: unknown } {
  const object = parseObject(json);
  for (const [name, type] of Object.entries(members)) {
    const value = Object.hasOwn(object, name) ? object[name] : undefined;
    const optional = type.endsWith('?');
    if (value === undefined && !optional) throw fault('syntax error', `Required '${name}' member is missing.`);
    if (value !== undefined && !TYPES[type.replace('?', '') as keyof typeof TYPES](value))
      throw fault('syntax error', `Type mismatch for member '${name}'.`);
  }
  for (const name of Object.keys(object))
    if (!Object.hasOwn(members, name)) throw fault('syntax error', `Member '${name}' is present but not allowed here.`);
  return object;
}

/** An operation with the members it must have. Throws `syntax error`. */
export function checkMembers(operation: unknown): { [member: string]: unknown } {
  const { op } = parseObject(operation);
  const members = typeof op === 'string' && Object.hasOwn(OPERATIONS, op) ? OPERATIONS[op] : undefined;
  if (!members) throw fault('syntax error', `No operation "${String(op)}"`);
  return { ...parseMembers(operation, { op: 'id', ...members }) };
}

/** Names that text uses for ports, tables and groups; the rest is numbers. */
import { OFPP } from '../constants.js';

/** Names of a switch's ports and tables, for printing and parsing. All optional. */
export interface Names {
  readonly ports?: ReadonlyMap<number, string> | undefined;
  readonly tables?: ReadonlyMap<number, string> | undefined;
}

const RESERVED: ReadonlyMap<number, string> = new Map([
  [OFPP.UNSET, 'UNSET'],
  [OFPP.IN_PORT, 'IN_PORT'],
  [OFPP.TABLE, 'TABLE'],
  [OFPP.NORMAL, 'NORMAL'],
  [OFPP.FLOOD, 'FLOOD'],
  [OFPP.ALL, 'ALL'],
  [OFPP.CONTROLLER, 'CONTROLLER'],
  [OFPP.LOCAL, 'LOCAL'],
  [OFPP.ANY, 'ANY'],
]);

/** The number of a reserved port by its name, in any case; NONE is ANY. */
export function reservedPort(name: string): number | undefined {
  const upper = name.toUpperCase();
  if (upper === 'NONE') return OFPP.ANY;
  for (const [port, reserved] of RESERVED) if (reserved === upper) return port;
  return undefined;
}

/** Names that need no quotes in ovs-ofctl's text. */
const BARE = /^[a-zA-Z][a-zA-Z0-9]*$/;

/** A name as ovs-ofctl prints it: quoted where it could be taken for something else. */
export function formatName(name: string): string {
  return BARE.test(name) ? name : JSON.stringify(name);
}

/** A port as a reserved name, the switch's name for it, or its number. */
export function formatPort(port: number, names?: Names): string {
  const name = names?.ports?.get(port);
  return RESERVED.get(port) ?? (name === undefined ? String(port) : formatName(name));
}

/** A table's name or number. */
export function formatTable(table: number, names?: Names): string {
  const name = names?.tables?.get(table);
  return name === undefined ? String(table) : formatName(name);
}

/** Whether a port has a reserved name. */
export function isReservedPort(port: number): boolean {
  return RESERVED.has(port);
}

/**
 * The text of a topology file as plain values, and the place of every key and value in it. Reports what is wrong with
 * the YAML itself: syntax (then nothing else is judged), and keys given twice in one mapping.
 *
 * Values are built here and not by the YAML library, so that a place is always that of the value used, and so that a
 * key such as `__proto__` or an alias to itself is a mistake with a line and not a surprise.
 */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  Parser,
  parseDocument,
  type YAMLMap,
} from 'yaml';
import type { Position, Problem } from './model.js';

export type Path = readonly (string | number)[];

/** A mistake at a place of the tree; `first` is another place its message refers to. */
export interface Fault {
  readonly path: Path;
  /** Points at the key of a mapping's entry, or at the value. */
  readonly at: 'key' | 'value';
  readonly code: string;
  readonly message: string;
  readonly first?: Path;
}

export interface Source {
  /** Undefined when the text is no YAML: `problems` says why. */
  readonly value?: unknown;
  readonly problems: readonly Problem[];
  /** The place of a key or value; of something missing, that of the mapping it is missing from. */
  readonly locate: (path: Path, at: 'key' | 'value') => Position;
}

interface Site {
  readonly key: number;
  readonly value: number;
}

/** Values read through aliases, at most: aliases that stand for aliases would outgrow every memory. */
const MOST_ALIASED = 100_000;

/** Collections inside collections, at most. The file's own shape has ten. */
const MOST_NESTED = 64;

class AliasError extends Error {
  constructor(readonly offset: number) {
    super('YAML: too many aliases');
  }
}

/**
 * Where nesting passes MOST_NESTED. The composer of the YAML library recurses, and where the stack ends inside a
 * regular expression, V8 ends the process: its parser, which does not recurse, is asked first. Fills `lines`.
 */
function tooDeep(text: string, lines: LineCounter): number | undefined {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme));
    if (parser.stack.length > MOST_NESTED) return parser.offset;
  }
  return undefined;
}

const siteKey = (path: Path) => JSON.stringify(path);

export function readSource(text: string, file: string): Source {
  const lines = new LineCounter();
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const start = (): Position => ({ line: 1, column: 1 });
  const broken = (offset: number, message: string): Problem => ({ file, ...position(offset), code: 'yaml', message });
  const deep = tooDeep(text, lines);
  if (deep !== undefined) return { problems: [broken(deep, 'YAML: nested too deeply')], locate: start };
  try {
    const document = parseDocument(text, { prettyErrors: false, uniqueKeys: false });
    const errors = [...document.errors, ...document.warnings];
    if (errors.length > 0) {
      return { problems: errors.map((e) => broken(e.pos[0], `YAML: ${e.message}`)), locate: start };
    }
    const reader = new Reader(document, position, file);
    const value = reader.read(document.contents, [], { key: 0, value: 0 });
    if (reader.problems.some(({ code }) => code === 'yaml')) return { problems: reader.problems, locate: start };
    return { value, problems: reader.problems, locate: (path, at) => position(reader.offset(path, at)) };
  } catch (error) {
    if (error instanceof AliasError) return { problems: [broken(error.offset, error.message)], locate: start };
    throw error;
  }
}

class Reader {
  readonly problems: Problem[] = [];
  readonly #sites = new Map<string, Site>();
  /** The nodes around the one that is read, to see an alias inside what it stands for. */
  readonly #open = new Set<Node>();
  readonly #targets = new Map<Alias, Node>();
  #aliases = 0;
  #aliased = 0;

  constructor(
    readonly document: Document,
    readonly position: (offset: number) => Position,
    readonly file: string,
  ) {}

  /** The plain value of `node`, whose place is remembered under `path`. */
  read(node: Node | null | undefined, path: Path, site: Site): unknown {
    this.#sites.set(siteKey(path), site);
    const alias = isAlias(node);
    const target = alias ? this.#resolve(node) : node;
    if (!target) return null;
    if (this.#open.has(target)) return this.#fault(site.value, 'yaml', 'YAML: an alias inside what it stands for');
    if (alias) this.#aliases += 1;
    if (this.#aliases > 0) this.#aliased += 1;
    if (this.#aliased > MOST_ALIASED) throw new AliasError(site.value);
    this.#open.add(target);
    const value = this.#plain(target, path);
    this.#open.delete(target);
    if (alias) this.#aliases -= 1;
    return value;
  }

  offset(path: Path, at: 'key' | 'value'): number {
    const site = this.#sites.get(siteKey(path));
    if (site !== undefined) return site[at];
    return path.length === 0 ? 0 : this.offset(path.slice(0, -1), 'key');
  }

  /** Remembered, for the library searches the whole document each time. */
  #resolve(alias: Alias): Node | undefined {
    const known = this.#targets.get(alias);
    const target = known ?? alias.resolve(this.document);
    if (target && !known) this.#targets.set(alias, target);
    return target;
  }

  #plain(node: Node, path: Path): unknown {
    if (isMap(node)) return this.#mapping(node, path);
    if (isScalar(node)) return node.value;
    if (!isSeq(node)) return null;
    return node.items.map((item, index) => {
      const offset = (item as Node | null)?.range?.[0] ?? node.range?.[0] ?? 0;
      return this.read(item as Node | null, [...path, index], { key: offset, value: offset });
    });
  }

  #mapping(node: YAMLMap, path: Path): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    for (const pair of node.items as Pair<Node | null, Node | null>[]) {
      const key = pair.key?.range?.[0] ?? node.range?.[0] ?? 0;
      const name = isScalar(pair.key) ? String(pair.key.value ?? '') : undefined;
      if (name === undefined || name === '__proto__') {
        this.#fault(key, 'bad-name', `a key must be plain text of letters, digits, ".", "_" and "-"`);
      } else if (Object.hasOwn(value, name)) {
        const line = this.position(this.offset([...path, name], 'key')).line;
        this.#fault(key, 'duplicate-key', `${name} is given twice (first on line ${line}): rename or remove one`);
      } else {
        const site = { key, value: pair.value?.range?.[0] ?? key };
        value[name] = this.read(pair.value, [...path, name], site);
      }
    }
    return value;
  }

  #fault(offset: number, code: string, message: string): null {
    this.problems.push({ file: this.file, ...this.position(offset), code, message });
    return null;
  }
}

/**
 * The arrows between folders: each may import only from those above it in DESIGN's list, the libraries from nothing of
 * ours, rxjs lives in `controller/` only, and no two files import each other in a circle.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

/** May import only what stands on a line above; the two libraries on the first line know nothing of ours. */
const LAYERS = [
  ['ts-openflow', 'ovsdb-client'],
  ['topology'],
  ['pipeline'],
  ['desired'],
  ['diff'],
  ['services'],
  ['verify'],
  ['session'],
  ['controller'],
  ['api'],
  ['cli'],
] as const;

const rank = (folder: string) => LAYERS.findIndex((layer) => (layer as readonly string[]).includes(folder));

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('node_modules') && !/(^|\/)dist\//.test(name))
    .map((name) => join(ROOT, folder, name));
}

/** Every module specifier of `import`/`export … from` and `import()`. */
function imports(file: string): string[] {
  return importsIn(readFileSync(file, 'utf8'));
}

function importsIn(text: string): string[] {
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^'"`;]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)import\s*['"]([^'"]+)['"]/g,
  );
  return [...found].map((m) => (m[1] ?? m[2] ?? m[3]) as string);
}

/** Those that are still there at run time: a type-only import is gone when compiled, and may point both ways. */
function runtimeImports(file: string): string[] {
  const text = readFileSync(file, 'utf8').replace(
    /(?:^|\n)\s*(?:import|export)\s+type\b[^'"`;]*?from\s*['"][^'"]+['"]/g,
    '',
  );
  return importsIn(text);
}

const folderOf = (file: string) => relative(join(ROOT, 'src'), file).split('/')[0] as string;
const targetOf = (file: string, specifier: string) =>
  specifier.startsWith('.') ? resolve(dirname(file), specifier).replace(/\.js$/, '.ts') : undefined;

/** The wrong arrows of one file, as text. */
function wrongArrows(file: string, specifiers: readonly string[]): string[] {
  const from = folderOf(file);
  const wrong: string[] = [];
  for (const specifier of specifiers) {
    const target = targetOf(file, specifier);
    const to = target === undefined ? (specifier.split('/')[0] as string) : folderOf(target);
    const library = rank(from) === 0;
    if (to === from) continue;
    if (target === undefined && library && !specifier.startsWith('node:')) wrong.push(`${from} → ${specifier}`);
    if (rank(to) >= 0 && rank(to) >= rank(from)) wrong.push(`${from} → ${to}`);
    if (specifier.startsWith('rxjs') && from !== 'controller') wrong.push(`${from} → rxjs`);
    if (target !== undefined && rank(to) === 0) wrong.push(`${from} reaches into ${to} by path`);
  }
  return wrong;
}

/** One circle of files, or undefined. */
function circle(edges: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const walk = (file: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of edges.get(file) ?? []) {
      const found = walk(next, [...way, file]);
      if (found) return found;
    }
    done.add(file);
    return undefined;
  };
  for (const file of edges.keys()) {
    const found = walk(file, []);
    if (found) return found;
  }
  return undefined;
}

describe('layers', () => {
  const files = sources('src');

  it('finds the source files', () => {
    expect(files.length).to.be.at.least(4);
    for (const file of files) expect(rank(folderOf(file)), file).to.be.at.least(0);
  });

  it('imports only downwards, rxjs only in controller/', () => {
    expect(
      files.flatMap((file) => wrongArrows(file, imports(file)).map((w) => `${relative(ROOT, file)}: ${w}`)),
    ).to.deep.equal([]);
  });

  it('has no circular import', () => {
    const edges = new Map(files.map((file) => [file, runtimeImports(file).flatMap((s) => targetOf(file, s) ?? [])]));
    expect(
      circle(edges)
        ?.map((f) => relative(ROOT, f))
        .join(' → '),
    ).to.equal(undefined);
  });

  it('sees a wrong arrow, rxjs in the wrong place, and a circle', () => {
    const at = (path: string) => join(ROOT, 'src', path);
    expect(wrongArrows(at('pipeline/x.ts'), ['../session/index.js', 'rxjs'])).to.have.length(2);
    expect(wrongArrows(at('ts-openflow/src/x.ts'), ['ovsdb-client', 'yaml'])).to.have.length(3);
    expect(
      circle(
        new Map([
          ['a', ['b']],
          ['b', ['a']],
        ]),
      ),
    ).to.deep.equal(['a', 'b', 'a']);
  });
});

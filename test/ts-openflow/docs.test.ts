/** Everything that the library exports says what it is: a docstring stands before each declaration. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const SOURCE = resolve(fileURLToPath(new URL('../../../src/ts-openflow/src', import.meta.url)));

const file = (from: string, specifier: string): string => join(dirname(from), specifier.replace(/\.js$/, '.ts'));

/** The names that a file declares and exports, or hands on, and the file that declares each. */
function exportsOf(path: string): ReadonlyMap<string, string> {
  const text = readFileSync(path, 'utf8');
  const found = new Map<string, string>();
  for (const [, name] of text.matchAll(/^export (?:async )?(?:const|function|class|interface|type) (\w+)/gm))
    found.set(name as string, path);
  for (const [, from] of text.matchAll(/^export \* from '([^']+)';/gm))
    for (const [name, at] of exportsOf(file(path, from as string))) found.set(name, at);
  for (const [, names, from] of text.matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)';/gm)) {
    const there = exportsOf(file(path, from as string));
    for (const given of (names as string).split(',').map((n) => n.trim().replace(/^type /, ''))) {
      if (given === '') continue;
      const [name = given, as = name] = given.split(' as ');
      found.set(as, `${there.get(name) ?? file(path, from as string)}#${name}`);
    }
  }
  return found;
}

/** Whether a docstring stands right before the declaration of a name. */
function isDocumented(path: string, name: string): boolean {
  const lines = readFileSync(path, 'utf8').split('\n');
  const at = lines.findIndex((line) =>
    new RegExp(`^(export )?(async )?(const|function|class|interface|type) ${name}\\b`).test(line),
  );
  if (at < 0) throw new Error(`${name} is not declared in ${path}`);
  const before = lines.slice(0, at).filter((line) => !/^(\/\/|export function .*;$)/.test(line));
  return before.at(-1)?.trimEnd().endsWith('*/') ?? false;
}

describe('ts-openflow: the API documentation', () => {
  for (const door of ['index.ts', 'testing/index.ts']) {
    it(`every export of ${door} has a docstring`, () => {
      const path = join(SOURCE, door);
      expect(existsSync(path)).equal(true);
      const all = [...exportsOf(path)].map(([name, at]) => [name, ...at.split('#')] as const);
      expect(all.length).greaterThan(5);
      const bare = all.filter(([name, at, inside]) => !isDocumented(at as string, inside ?? name));
      expect(bare.map(([name, at]) => `${name} (${(at as string).slice(SOURCE.length + 1)})`)).deep.equal([]);
    });
  }
});

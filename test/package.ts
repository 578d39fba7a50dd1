/**
 * A workspace as npm publishes it: packed, installed alone in an empty project outside the repository, type-checked there
 * and run.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const ROOT = resolve(fileURLToPath(new URL('../..', import.meta.url)));

/** A project that has one package, ours. */
export interface Alone {
  /** What is in the package. */
  readonly files: readonly string[];
  readonly directory: string;
  /** Compiles a program strictly against the package's own types, runs it, and gives what it prints. */
  run(program: string): string;
  remove(): void;
}

const npm = (cwd: string, ...args: string[]): string =>
  execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

/** Packs a workspace and installs it alone, without a registry: it must need nothing else. */
export function installAlone(workspace: string): Alone {
  const directory = mkdtempSync(join(tmpdir(), `${workspace}-pack-`));
  const [packed] = JSON.parse(npm(ROOT, 'pack', '--json', '-w', workspace, '--pack-destination', directory));
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ name: 'alone', private: true, type: 'module' }));
  npm(directory, 'install', '--offline', '--no-audit', '--no-fund', join(directory, packed.filename));
  const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')];
  const strict = ['--strict', '--target', 'es2023', '--module', 'nodenext', '--skipLibCheck'];
  return {
    files: packed.files.map(({ path }: { path: string }) => path),
    directory,
    run: (program) => {
      writeFileSync(join(directory, 'program.mts'), program);
      execFileSync(join(ROOT, 'node_modules/.bin/tsc'), [...strict, ...types, 'program.mts'], {
        cwd: directory,
        stdio: 'inherit',
      });
      return execFileSync(process.execPath, ['program.mjs'], { cwd: directory, encoding: 'utf8' });
    },
    remove: () => rmSync(directory, { recursive: true }),
  };
}

/** That a package has these files, and no others but code, types and texts. */
export function expectFiles(files: readonly string[], ...needed: string[]): void {
  expect(files).to.include.members([
    'package.json',
    'README.md',
    'LICENSE',
    'dist/index.js',
    'dist/index.d.ts',
    ...needed,
  ]);
  for (const file of files) expect(file).to.match(/^(package\.json|README\.md|LICENSE|dist\/.*\.(js|d\.ts))$/);
}

/** What the README shows: the lines under a command, and the shape of a command's JSON. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from '../lab/lab.js';

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The lines that the README shows for `$ COMMAND`, up to the end of the block or the next command. */
export function shown(command: string): readonly string[] {
  const start = README.indexOf(`$ ${command}`);
  if (start < 0) throw new Error(`the README has no "$ ${command}"`);
  const block = README.slice(README.indexOf('\n', start) + 1, README.indexOf('```', start));
  return (block.split('\n$ ')[0] as string).trimEnd().split('\n');
}

/** Numbers differ from run to run; cookies and ages are left out of the README. */
const numberless = (line: string): string =>
  line
    .replace(/\b(cookie=0x[0-9a-f]+|duration=[\d.]+s|idle_age=\d+), /g, '')
    .replace(/0x[0-9a-f]+|\d+(\.\d+)?/g, '#')
    .trim();

/** Each line of the README, but for its numbers, is one of the output, in this order. */
export function expectShown(command: string, output: string): void {
  const lines = output.split('\n').map(numberless);
  let place = 0;
  for (const line of shown(command).filter((each) => each.trim() !== '' && each !== '…')) {
    const found = lines.indexOf(numberless(line), place);
    expect(found, `the README shows under "${command}": ${line}\nthe output is:\n${output}`).to.be.at.least(0);
    place = found + 1;
  }
}

/** `null`: any value; an array's one member is the shape of each of its members; a name with `?` may be missing. */
export type Shape = null | string | number | readonly [Shape] | { readonly [name: string]: Shape };

/** The shape that the README shows for `$ COMMAND`. */
export function shapeShown(command: string): Shape {
  const named = shown(command)
    .join(' ')
    .replace(/"(\w+)"\?/g, '"$1?"');
  return JSON.parse(named.replace(/"([\w?]+)"(?=\s*[,}])/g, '"$1": null'));
}

/** Every name of the value stands in the shape, and every name of the shape that has to be there in the value. */
export function expectShape(shape: Shape, value: unknown, at = ''): void {
  if (Array.isArray(shape)) {
    expect(value, at).to.be.an('array');
    for (const [i, member] of (value as unknown[]).entries()) expectShape(shape[0], member, `${at}[${i}]`);
  } else if (typeof shape === 'object' && shape !== null) {
    const members = Object.entries(shape as { readonly [name: string]: Shape });
    const names = members.map(([name]) => name.replace('?', ''));
    if (names.length === 0) return;
    expect(value, at).to.be.an('object');
    expect(names, at).to.include.members(Object.keys(value as object));
    for (const [name, inner] of members) {
      const plain = name.replace('?', '');
      if (plain in (value as object)) expectShape(inner, (value as Record<string, unknown>)[plain], `${at}.${plain}`);
      else expect(name, `${at}.${plain} is missing`).to.match(/\?$/);
    }
  } else if (shape === null) expect(value, at).to.not.be.an('array').and.not.be.an('object');
  else expect(typeof value, at).to.equal(typeof shape);
}

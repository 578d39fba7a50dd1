/** A topology written as a file reads back as the same topology. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { allocateKeys, EMPTY_MEMORY, formatTopology, parseTopology, type Topology } from '../../src/topology/index.js';
import { ROOT } from '../golden/root.js';

function read(text: string, file: string): Topology {
  const { draft, problems } = parseTopology(text, file);
  expect(problems).to.deep.equal([]);
  const allocated = draft === undefined ? undefined : allocateKeys(draft, EMPTY_MEMORY, 0);
  return allocated?.topology as Topology;
}

describe('topology: format', () => {
  for (const file of readdirSync(join(ROOT, 'topologies')).filter((f) => f.endsWith('.yaml')))
    it(`writes ${file} so that it reads back equal, keys included`, () => {
      const topology = read(readFileSync(join(ROOT, 'topologies', file), 'utf8'), file);
      expect(read(formatTopology(topology), 'written.yaml')).to.deep.equal(topology);
    });
});

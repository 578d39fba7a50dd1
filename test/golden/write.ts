/** Writes flows/ anew: PIPELINE.md, and the dumps of every topology. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dumpsOf, topologies } from './dumps.js';
import { pipelineMarkdown } from './pipeline-md.js';
import { ROOT } from './root.js';

const FLOWS = join(ROOT, 'flows');

mkdirSync(FLOWS, { recursive: true });
writeFileSync(join(FLOWS, 'PIPELINE.md'), pipelineMarkdown());
for (const topology of topologies()) {
  const dumps = await dumpsOf(topology);
  rmSync(join(FLOWS, topology), { recursive: true, force: true });
  mkdirSync(join(FLOWS, topology));
  for (const [host, dump] of dumps) writeFileSync(join(FLOWS, topology, `${host}.flows`), dump);
  console.log(`flows/${topology}: ${[...dumps.keys()].join(', ')}`);
}

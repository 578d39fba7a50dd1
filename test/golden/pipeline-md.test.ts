import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { pipelineMarkdown } from './pipeline-md.js';
import { ROOT } from './root.js';

describe('flows/PIPELINE.md', () => {
  it('says what the tables say (npm run golden writes it)', () => {
    expect(readFileSync(join(ROOT, 'flows/PIPELINE.md'), 'utf8')).to.equal(pipelineMarkdown());
  });
});

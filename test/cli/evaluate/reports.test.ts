/** What an evaluation found stands in every report, and a page needs nothing but itself. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { plots } from '../../../src/cli/evaluate/plots.js';
import { html, markdown, terminalText, writeReports } from '../../../src/cli/evaluate/reports.js';
import { spread } from '../../../src/cli/evaluate/result.js';
import { number } from '../../../src/cli/evaluate/sections.js';
import { EVALUATION } from './evaluation.js';

/** Every number of the evaluation from 100 on: each scheme's values are told apart by where they start. */
function values(of: unknown): number[] {
  if (typeof of === 'number') return of >= 100 ? [of] : [];
  return typeof of === 'object' && of !== null ? Object.values(of).flatMap(values) : [];
}

describe('the reports of an evaluation', () => {
  const { schemes, bare, routerVm } = EVALUATION;
  // The ratio of the proof's seconds aside, a report has all of it; sizes of the backbone are in the text.
  const wanted = [...new Set(values([schemes, bare, routerVm]))];
  const texts = {
    terminal: terminalText(EVALUATION),
    markdown: markdown(EVALUATION, ({ name }) => `x-${name}.svg`),
    html: html(EVALUATION),
  };

  for (const [kind, text] of Object.entries(texts))
    it(`have every value: ${kind}`, () => {
      const missing = wanted.filter((value) => !new RegExp(`(?<![\\d.,])${number(value)}(?![\\d.]*\\d)`).test(text));
      expect(missing).to.deep.equal(kind === 'terminal' ? [1000, 10_000] : []);
      for (const word of [
        'first',
        'second',
        'until it is mended',
        'MAC address',
        'features of first',
        '9.8.7',
        '2001-02-03',
      ])
        expect(text).to.include(word);
    });

  it('write text that is no markup as text', () => {
    expect(texts.html).to.include('&lt;refused&gt; 100').and.not.include('<refused>');
    expect(texts.markdown).to.include('100 \\| more');
  });

  it('make a page without anything from elsewhere', () => {
    expect(texts.html).to.match(/^<!doctype html>/);
    expect(texts.html.match(/(src|href)="(?!data:)[^"]*"/g)).to.equal(null);
    expect(texts.html).to.not.include('<script');
    expect(texts.html.match(/<svg /g)).to.have.length(plots(EVALUATION).length);
  });

  it('draw every scheme', () => {
    const drawn = plots(EVALUATION);
    expect(drawn.map(({ name }) => name)).to.deep.equal(['speed', 'faults', 'cpu']);
    for (const { svg } of drawn) for (const name of ['first', 'second']) expect(svg).to.include(name);
    // Elements of the routed fabric are none of a switched scheme's.
    expect(drawn.map(({ svg }) => svg.includes('third'))).to.deep.equal([true, false, true]);
    expect(drawn[0]?.svg).to.include('ip-tunnel-router-vm');
    expect(drawn[1]?.svg).to.include('leaf, carrier');
  });

  it('are written beside each other, the plots under the names that the text has', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kakuri-test-'));
    try {
      const files = await writeReports(EVALUATION, join(directory, 'deep/result'));
      expect(readdirSync(join(directory, 'deep')).sort()).to.deep.equal(
        files.map((file) => file.slice(join(directory, 'deep').length + 1)).sort(),
      );
      const text = readFileSync(files[0] as string, 'utf8');
      for (const [, image] of text.matchAll(/!\[[^\]]*\]\(([^)]*)\)/g))
        expect(readFileSync(join(directory, 'deep', image as string), 'utf8')).to.match(/^<svg /);
      expect(JSON.parse(readFileSync(join(directory, 'deep/result.json'), 'utf8'))).to.deep.equal(EVALUATION);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('take the mean of the two in the middle', () => {
    expect(spread([4, 1, 3, 2])).to.deep.equal({ median: 2.5, least: 1, most: 4, n: 4 });
    expect(spread([5])).to.deep.equal({ median: 5, least: 5, most: 5, n: 1 });
    expect(() => spread([])).to.throw('no values');
  });
});

/** The whole of `kakuri evaluate --quick`, and its page in a real browser. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { Evaluation } from '../../src/cli/evaluate/result.js';
import { ROUTER_VM } from '../../src/cli/evaluate/router-vm.js';
import { SCHEMES } from '../../src/cli/evaluate/schemes.js';
import { ROOT } from '../lab/lab.js';

const TEN_MINUTES_MS = 600_000;

describe('kakuri evaluate --quick', function () {
  this.timeout(TEN_MINUTES_MS + 60_000);
  const directory = mkdtempSync(join(tmpdir(), 'kakuri-test-'));
  after(() => rmSync(directory, { recursive: true }));

  it('ends within ten minutes, with every scheme isolated', async () => {
    const start = performance.now();
    const args = [join(ROOT, 'bin/kakuri.js'), 'evaluate', '--quick', '--json', '--out', join(directory, 'evaluation')];
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 24 });
    expect(performance.now() - start).to.be.below(TEN_MINUTES_MS);
    const { schemes, routerVm } = JSON.parse(stdout) as Evaluation;
    expect(routerVm?.packetsVsBare.n).to.be.greaterThan(1);
    expect(schemes.map(({ scheme }) => scheme)).to.deep.equal(SCHEMES.map(({ name }) => name));
    for (const { isolation, outages, flexibility } of schemes) {
      expect(isolation).to.include({ foreignPackets: 0, forgedArrived: 0, ownReached: isolation.ownPairs });
      expect(isolation.proof.verdict).to.equal('isolated');
      expect(outages.map(({ flowMods }) => flowMods)).to.deep.equal(outages.map(() => 0));
      expect(flexibility.changed).to.deep.equal([]);
    }
  });

  it('writes a page that a browser shows without a word on its console', () => {
    const page = join(directory, 'evaluation.html');
    expect(existsSync(page)).to.equal(true);
    const profile = join(directory, 'profile');
    const common = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      `--user-data-dir=${profile}`,
      '--enable-logging=stderr',
    ];
    const {
      status,
      stdout: shown,
      stderr,
    } = spawnSync('chromium', [...common, '--dump-dom', `file://${page}`], {
      encoding: 'utf8',
    });
    expect(status, stderr).to.equal(0);
    expect(stderr).to.not.include(':CONSOLE');
    for (const { name } of [...SCHEMES, { name: ROUTER_VM }]) expect(shown).to.include(`<td>${name}</td>`);
    expect(shown.match(/<svg/g)?.length).to.equal(readFileSync(page, 'utf8').match(/<svg/g)?.length);
  });
});

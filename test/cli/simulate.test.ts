/** `kakuri simulate` over a few fake hosts: every step comes to its end, and a second controller finds nothing to do. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { SimulateResult } from '../../src/cli/run-simulate.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const simulate = (...args: readonly string[]) =>
  promisify(execFile)(process.execPath, ['bin/kakuri.js', 'simulate', ...args], { cwd: ROOT });

describe('kakuri simulate', function () {
  this.timeout(120_000);

  for (const tunnels of ['mesh', 'flow'])
    it(`tells latency, CPU, memory and messages of each step: ${tunnels}`, async () => {
      const size = ['--hosts', '3', '--networks', '4', '--ports', '16', '--changes', '2', '--tunnels', tunnels];
      const { stdout, stderr } = await simulate(...size, '--json');
      const result = JSON.parse(stdout) as SimulateResult;
      expect(stderr).to.match(/plugging 12 ports in/);
      expect(result).to.include({ hosts: 3, networks: 4, ports: 16 });
      expect(result.oneChange.n).to.equal(2);
      expect(result.oneChange.p50).to.be.greaterThan(0);
      expect(result.plugAll.flowMods).to.be.greaterThan(100);
      expect(result.flows).to.be.greaterThan(result.setUp.flowMods);
      expect(result.restart.flowMods).to.equal(0);
      for (const { seconds, cpuSeconds, megabytes } of [result.setUp, result.plugAll, result.changes, result.restart])
        for (const value of [seconds, cpuSeconds, megabytes]) expect(value).to.be.greaterThan(0);
    });

  for (const [encapsulation, type] of [
    ['geneve', 'geneve'],
    ['nvgre', 'gre'],
  ] as const)
    it(`gives the hosts tunnels of the encapsulation, and a key for each network: ${encapsulation}`, async () => {
      const size = ['--hosts', '3', '--networks', '4', '--ports', '16', '--changes', '2'];
      const { stdout } = await simulate(...size, '--encapsulation', encapsulation, '--json');
      // Every host shares a network with each of the others.
      expect((JSON.parse(stdout) as SimulateResult).tunnels).to.deep.equal({ ports: { [type]: 6 }, keys: 4 });
    });

  it('refuses what is no number, with exit code 2', async () => {
    const error = await simulate('--hosts', 'many').then(
      () => expect.fail('no error'),
      (e: { code: number; stderr: string }) => e,
    );
    expect(error.code).to.equal(2);
    expect(error.stderr).to.match(/--hosts.*whole number/);
  });
});

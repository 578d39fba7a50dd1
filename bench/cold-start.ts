/**
 * cold-start: a controller that begins with nothing, over 3,000 hosts with 63,000 ports in 7,000 networks: every host is
 * heard, its tables are computed and encoded, and computed again as others confirm theirs, until all are as they should
 * be. Measured in a process of its own for each size, so that its memory is its own.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SiteSize } from '../src/cli/simulate/site.js';
import { type BenchOptions, type Figure, figure, percentile } from './figure.js';
import { exponent } from './scale/exponent.js';

const SIZE = { hosts: 3000, networks: 7000, ports: 63_000 };
/** Ports of a network are in one rack: what NVP's sizes give a host, 21 ports of as many networks. */
const RACK = 40;

export interface ColdStart {
  readonly seconds: number;
  /** Most that the process ever held, MB. */
  readonly megabytes: number;
  /** What the tables take when all are right, MB. */
  readonly tables: number;
  readonly flows: number;
  readonly octets: number;
}

const say = (text: string): void => {
  process.stderr.write(`cold-start: ${text}\n`);
};

const worker = fileURLToPath(new URL('./scale/cold-start-worker.js', import.meta.url));

function measured(size: SiteSize): Promise<ColdStart> {
  const child = spawn(process.execPath, ['--expose-gc', worker, JSON.stringify(size)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(text) as ColdStart);
      else reject(new Error(`the process that measures ended with ${code}`));
    });
  });
}

const scaled = (share: number): SiteSize => ({
  hosts: Math.round(SIZE.hosts * share),
  networks: Math.round(SIZE.networks * share),
  ports: Math.round(SIZE.ports * share),
  tunnels: 'mesh',
  rack: RACK,
});

export async function run({ quick }: BenchOptions): Promise<readonly Figure[]> {
  const rounds = quick ? 1 : 3;
  const results: ColdStart[] = [];
  for (const share of [0.1, 1 / 3]) {
    const result = await measured(scaled(share));
    say(`${JSON.stringify(scaled(share))}: ${JSON.stringify(result)}`);
    results.push(result);
  }
  const whole: ColdStart[] = [];
  for (let i = 0; i < rounds; i++) {
    whole.push(await measured(scaled(1)));
    say(`${JSON.stringify(scaled(1))}: ${JSON.stringify(whole.at(-1))}`);
  }
  const median = (of: (result: ColdStart) => number): number => percentile(whole.map(of), 0.5);
  const perMillion = ({ tables, flows }: ColdStart): number => tables / (flows / 1e6);
  const grows = exponent([
    ...results.map(({ flows, seconds }) => [flows, seconds] as const),
    [median((r) => r.flows), median((r) => r.seconds)],
  ]);
  const of = (name: string, unit: string, value: number): Figure =>
    figure({ bench: 'cold-start', figure: name, unit, n: rounds }, value);
  return [
    of(
      'seconds',
      's',
      median((r) => r.seconds),
    ),
    of(
      'megabytes',
      'MB',
      median((r) => r.megabytes),
    ),
    of('megabytes-per-million-flows', 'MB', median(perMillion)),
    of(
      'flows',
      'flows',
      median((r) => r.flows),
    ),
    of('seconds-tenth', 's', (results[0] as ColdStart).seconds),
    of('seconds-third', 's', (results[1] as ColdStart).seconds),
    of('exponent', 'd log seconds / d log flows', grows),
  ];
}

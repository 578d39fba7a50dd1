/** One cold start of the size given as JSON; prints what it took as JSON. Run with --expose-gc. */
import { siteOf } from '../../src/cli/simulate/site.js';
import { Computation, factsOf } from './compute.js';

const MB = 1e6;

function retained(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const site = siteOf(JSON.parse(process.argv[2] as string));
const { hosts } = site.topology;
const began = performance.now();
const computation = new Computation(site);
const facts = hosts.map(({ name }) => [name, factsOf(site, computation.state, name)] as const);
for (const [host, of] of facts) computation.take({ kind: 'facts', host, facts: of });
const heard = performance.now() - began;
const before = retained();
const again = performance.now();
computation.settle(hosts.map(({ name }) => name));
const cpu = process.cpuUsage();
const seconds = (heard + performance.now() - again) / 1000;
const tables = (retained() - before) / MB;
let flows = 0;
for (const desired of computation.held.values()) for (const part of desired.parts) flows += part.length;
const { octets, flowMods } = computation;
if (flowMods < flows) throw new Error(`${flows} flows, but only ${flowMods} flow_mods`);
const megabytes = process.resourceUsage().maxRSS / 1024;
console.log(
  JSON.stringify({
    seconds,
    megabytes,
    tables,
    flows,
    octets,
    flowMods,
    heard: heard / 1000,
    cpu: (cpu.user + cpu.system) / 1e6,
  }),
);

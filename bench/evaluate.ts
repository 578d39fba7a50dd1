/**
 * evaluate: each scheme's TCP throughput beside no encapsulation, in turns, and that of the historical IP tunnel through
 * router VMs with its packet rate; and how long its tunnels are silent when an element of a leaf-spine fabric fails
 * without a word, or the link between two switches that carry VLANs. The same code as `kakuri evaluate`, which measures more.
 */
import { outages } from '../src/cli/evaluate/faults.js';
import { ROUTER_VM } from '../src/cli/evaluate/router-vm.js';
import { isSwitched, SCHEMES } from '../src/cli/evaluate/schemes.js';
import { Site } from '../src/cli/evaluate/site.js';
import { speeds } from '../src/cli/evaluate/speed.js';
import { switchFaults } from '../src/cli/evaluate/switches.js';
import { BARE, fabricTopology } from '../src/cli/evaluate/topology.js';
import { type BenchOptions, type Figure, figure, percentile } from './figure.js';

const say = (text: string): void => {
  process.stderr.write(`evaluate: ${text}\n`);
};

export async function run({ quick }: BenchOptions): Promise<readonly Figure[]> {
  const effort = quick ? { rounds: 5, tcpSeconds: 1, packets: 1000 } : { rounds: 15, tcpSeconds: 3, packets: 3000 };
  const speed = await speeds(SCHEMES, effort, say);
  const bare = speed.get(BARE)?.tcpMbits.median ?? 0;
  const barePackets = speed.get(BARE)?.packets.median ?? 0;
  const figures: Figure[] = [];
  for (const name of [...SCHEMES.map((scheme) => scheme.name), ROUTER_VM]) {
    const tcp = speed.get(name)?.tcpMbits.median ?? 0;
    figures.push(
      figure({ bench: 'evaluate', figure: `tcp-${name}-vs-bare`, unit: 'Mbit/s', n: effort.rounds }, tcp, {
        name: 'no encapsulation',
        value: bare,
      }),
      figure(
        { bench: 'evaluate', figure: `packets-${name}-vs-bare`, unit: 'packets/s', n: effort.rounds },
        speed.get(name)?.packets.median ?? 0,
        { name: 'no encapsulation', value: barePackets },
      ),
    );
  }
  for (const { name, encapsulation } of SCHEMES) {
    const site = await Site.start(fabricTopology(encapsulation));
    try {
      await site.plug(Object.keys(site.lab.ready.vms));
      const tell = (what: string): void => say(`${name}: ${what}`);
      const times = quick ? 1 : 10;
      // Of a VLAN's elements only the link between switches has a second one.
      const silent = isSwitched({ encapsulation })
        ? (await switchFaults(site, times, tell, ['silent'], ['link'])).outages
        : await outages(site, times, tell, ['silent']);
      const gaps = silent.flatMap(({ gapsMs }) => gapsMs);
      const of = { bench: 'evaluate', unit: 'ms', n: gaps.length };
      figures.push(figure({ ...of, figure: `failover-${name}-gap-ms` }, percentile(gaps, 0.5)));
      figures.push(figure({ ...of, figure: `failover-${name}-longest-ms` }, Math.max(...gaps)));
    } finally {
      await site.stop();
    }
  }
  return figures;
}

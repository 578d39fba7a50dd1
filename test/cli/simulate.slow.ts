/** 10,000 networks in one installation, in every encapsulation, over fake hosts on real sockets; prints what it took. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { SimulateResult } from '../../src/cli/run-simulate.js';
import { siteOf } from '../../src/cli/simulate/site.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const NETWORKS = 10_000;

const SIZE = { hosts: 20, networks: NETWORKS, ports: 2 * NETWORKS };

/** What hosts need, told from the installation alone: a tunnel to each host that shares a network, and that network's key. */
function needed(): { readonly ports: number; readonly keys: number } {
  const pairs = new Set<string>();
  let keys = 0;
  for (const { ports } of siteOf({ ...SIZE, tunnels: 'mesh' }).topology.networks) {
    const hosts = [...new Set(ports.flatMap((port) => port.hosts ?? []))];
    if (hosts.length > 1) keys += 1;
    for (const from of hosts) for (const to of hosts) if (from !== to) pairs.add(`${from} ${to}`);
  }
  return { ports: pairs.size, keys };
}

describe('10,000 networks of two VMs on 20 fake hosts', function () {
  this.timeout(1_200_000);

  for (const [encapsulation, type] of [
    ['geneve', 'geneve'],
    ['vxlan', 'vxlan'],
    ['gre', 'gre'],
    ['nvgre', 'gre'],
    ['ip-tunnel', 'gre'],
  ] as const)
    it(`are all confirmed, and found right by another controller: ${encapsulation}`, async () => {
      const size = Object.entries(SIZE).flatMap(([option, value]) => [`--${option}`, String(value)]);
      const args = ['bin/kakuri.js', 'simulate', ...size, '--changes', '5', '--encapsulation', encapsulation, '--json'];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
      const result = JSON.parse(stdout) as SimulateResult;
      expect(result).to.include(SIZE);
      // Every port has flows of its own, and every network on each of its hosts.
      expect(result.flows).to.be.greaterThan(10 * 2 * NETWORKS);
      const { ports, keys } = needed();
      expect(result.tunnels).to.deep.equal({ ports: { [type]: ports }, keys });
      expect(keys).to.be.greaterThan(0.9 * NETWORKS);
      expect(result.restart.flowMods).to.equal(0);
      const { seconds, megabytes } = result.plugAll;
      console.log(
        `      ${result.flows} flows, ${result.tunnels.keys} keys, plugged in ${seconds.toFixed(1)} s, ${megabytes.toFixed(0)} MB`,
      );
    });
});

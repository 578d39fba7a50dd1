/**
 * An installation on the leaf-spine fabric of the lab, and cutting what its packets go through: a link between leaf and
 * spine, a spine, a hypervisor's uplink, a leaf; by carrier, so that both ends see it, or silently, so that only BFD
 * can.
 */
import { expect } from 'chai';
import type { Encapsulation } from '../../src/topology/index.js';
import { eventually, type Installation, sleep, startInstallation } from './installation.js';

export const ELEMENTS = ['link', 'spine', 'uplink', 'leaf'] as const;
export type Element = (typeof ELEMENTS)[number];
export type Cut = 'carrier' | 'silent';

/** Both tenants on a hypervisor of each rack, with the same addresses. */
export function fabricTopology(encapsulation: Encapsulation): string {
  const tenant = (name: string) => `  ${name}:
    networks:
      web:
        subnets: [192.168.0.0/24]
        ports:
          ${name}-vm1: { mac: "02:00:00:00:01:01", ips: [192.168.0.1], hosts: [hv1] }
          ${name}-vm2: { mac: "02:00:00:00:01:02", ips: [192.168.0.2], hosts: [hv2] }`;
  return `underlay: { encapsulation: ${encapsulation}, tunnels: mesh, mtu: 1500, fabric: leaf-spine }
hosts:
  hv1: { ovsdb: "unix:/run/kakuri/hv1/db.sock", vtep: 10.99.0.1 }
  hv2: { ovsdb: "unix:/run/kakuri/hv2/db.sock", vtep: 10.99.0.2 }
tenants:
${['red', 'blue'].map(tenant).join('\n')}
`;
}

export async function startFabric(encapsulation: Encapsulation): Promise<Installation> {
  const installation = await startInstallation(fabricTopology(encapsulation));
  try {
    await installation.plugAll();
    await settled(installation);
    return installation;
  } catch (error) {
    await installation.stop();
    throw error;
  }
}

const settled = ({ lab }: Installation) =>
  eventually('OSPF to be whole', async () => ((await lab.converged()) ? true : 'adjacencies are missing'), 60_000);

/** Names of what carries the packets from hv1 to hv2 now. */
export async function pathInUse({ lab }: Installation): Promise<Record<Element, string>> {
  const before = await lab.carried();
  await lab.ping('red-vm1', 'red-vm2', { count: 60, interval: 0.005 });
  const after = await lab.carried();
  const busiest = (pattern: RegExp) => {
    const grown = Object.keys(after)
      .filter((link) => pattern.test(link))
      .map((link) => ({ link, octets: (after[link] ?? 0) - (before[link] ?? 0) }))
      .sort((a, b) => b.octets - a.octets);
    const [first] = grown;
    if (first === undefined || first.octets < 60 * 100) throw new Error(`nothing carries it: ${JSON.stringify(grown)}`);
    return first.link.split('-') as [string, string];
  };
  const [, leaf] = busiest(/^hv1-/);
  const [, spine] = busiest(new RegExp(`^${leaf}-`));
  return { link: `${leaf}-${spine}`, spine, uplink: `hv1-${leaf}`, leaf };
}

/**
 * Cuts it in the middle of a ping every 10 ms, heals it, and waits until the fabric is whole again. The longest time
 * without a reply, in ms, of the cut and of the repair.
 */
export async function outage(
  installation: Installation,
  element: Element,
  cut: Cut,
): Promise<{ readonly name: string; readonly cutMs: number; readonly healMs: number }> {
  const { lab } = installation;
  const name = (await pathInUse(installation))[element];
  let stop = await lab.startPing('red-vm1', 'red-vm2', { interval: 0.01 });
  await sleep(300);
  await (cut === 'carrier' ? lab.cutCarrier({ element: name }) : lab.loss({ element: name }));
  await sleep(1500);
  const during = await stop();
  stop = await lab.startPing('red-vm1', 'red-vm2', { interval: 0.01 });
  await lab.heal({ element: name });
  await settled(installation);
  await sleep(300);
  return { name, cutMs: during.longestGapMs, healMs: (await stop()).longestGapMs };
}

/** Every VM reaches its own network, and no packet arrives at another tenant's. */
export async function expectIsolatedAndWhole({ lab }: Installation): Promise<void> {
  const vms = Object.keys(lab.ready.vms);
  const pairs = vms.flatMap((a) => vms.filter((b) => b !== a).map((b) => [a, b] as const));
  const results = await lab.pingMatrix(pairs, { count: 3, timeout: 0.5 });
  const tenant = (vm: string) => lab.ready.vms[vm]?.tenant;
  const seen = pairs.map(([a, b], i) => {
    const same = tenant(a) === tenant(b);
    return `${a}→${b} ${same ? results[i]?.received : results[i]?.arrived}`;
  });
  expect(seen).to.deep.equal(pairs.map(([a, b]) => `${a}→${b} ${tenant(a) === tenant(b) ? 3 : 0}`));
}

export async function flowModsSent(installation: Installation): Promise<number> {
  return (await installation.status()).hosts.reduce((sum, host) => sum + host.flowModsSent, 0);
}

/**
 * A topology as the text of a file that says the same, allocated keys included: what a saved dump keeps beside the
 * flows. Members of values are the file's keys in camel case; what is derived (paths, a network's MTU) is left out, and
 * so is `former`, which no file can say.
 */
import { stringify } from 'yaml';
import type { Network, Port, Topology } from './model.js';

const DERIVED: ReadonlySet<string> = new Set(['path', 'tenant', 'name', 'ports', 'mtu', 'former']);

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The members of a value that a file has keys for. */
const keysOf = (value: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([name, v]) => !DERIVED.has(name) && v !== undefined)
      .map(([name, v]) => [kebab(name), v]),
  );

const portText = (port: Port): Record<string, unknown> => keysOf(port);

const networkText = (network: Network): Record<string, unknown> => ({
  ...keysOf(network),
  ports: Object.fromEntries(network.ports.map((port) => [port.name, portText(port)])),
});

/** The file. Reading it gives the topology again. */
export function formatTopology(topology: Topology): string {
  const tenants: Record<string, { networks: Record<string, unknown> }> = {};
  for (const network of topology.networks) {
    const tenant = tenants[network.tenant] ?? { networks: {} };
    tenant.networks[network.name] = networkText(network);
    tenants[network.tenant] = tenant;
  }
  const hosts = Object.fromEntries(topology.hosts.map((host) => [host.name, keysOf(host)]));
  return stringify({ underlay: { ...topology.underlay }, hosts, tenants });
}

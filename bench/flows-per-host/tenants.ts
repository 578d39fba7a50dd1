/** The tenants of the benchmark: networks with the same addresses in each, every port on another host, in turn. */
export interface Tenants {
  readonly networks: number;
  readonly ports: number;
  readonly hosts: number;
  /** The first host has the first port of so many networks, and of `more` of them one that comes later; the others the rest. */
  readonly local?: { readonly networks: number; readonly more: number };
}

export const hostName = (host: number): string => `hv${host + 1}`;
export const vtep = (host: number): string => `10.99.0.${host + 1}`;
export const networkName = (network: number): string => `net${network}`;
export const portName = (network: number, port: number): string => `net${network}-vm${port}`;
export const mac = (port: number): string => `02:00:00:00:01:${(port + 1).toString(16).padStart(2, '0')}`;
export const ip = (port: number): string => `192.168.0.${port + 1}`;

/** The ports of a network, by number. */
export const portsOf = ({ ports, local }: Tenants, network: number): readonly number[] =>
  Array.from({ length: ports + (network < (local?.more ?? 0) ? 1 : 0) }, (_, p) => p);

/** The host of a port. */
export function hostOf({ ports, hosts, local }: Tenants, network: number, port: number): number {
  const turn = network * ports + port;
  if (local === undefined) return turn % hosts;
  return port === ports || (port === 0 && network < local.networks) ? 0 : 1 + (turn % (hosts - 1));
}

/** Every port of every network, as [network, port]. */
export const allPorts = (tenants: Tenants): readonly (readonly [number, number])[] =>
  Array.from({ length: tenants.networks }, (_, n) => n).flatMap((n) => portsOf(tenants, n).map((p) => [n, p] as const));

/** The tenants of the benchmark: networks with the same addresses in each, every port on another host, in turn. */
export interface Tenants {
  readonly networks: number;
  readonly ports: number;
  readonly hosts: number;
}

export const hostName = (host: number): string => `hv${host + 1}`;
export const vtep = (host: number): string => `10.99.0.${host + 1}`;
export const networkName = (network: number): string => `net${network}`;
export const portName = (network: number, port: number): string => `net${network}-vm${port}`;
export const mac = (port: number): string => `02:00:00:00:01:${(port + 1).toString(16).padStart(2, '0')}`;
export const ip = (port: number): string => `192.168.0.${port + 1}`;

/** The host of a port. */
export const hostOf = (tenants: Tenants, network: number, port: number): number =>
  (network * tenants.ports + port) % tenants.hosts;

/** Every port of every network, as [network, port]. */
export const allPorts = ({ networks, ports }: Tenants): readonly (readonly [number, number])[] =>
  Array.from({ length: networks * ports }, (_, i) => [Math.floor(i / ports), i % ports] as const);

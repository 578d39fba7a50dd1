/** What `bulk` creates: networks with the same addresses in each, every port on another host, in turn. */
import { hostName, hostOf, ip, mac, networkName, portName, type Tenants } from '../flows-per-host/tenants.js';

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

/** The file: `sockets` are the hosts' OVSDB servers. `networks` of them; beside them one that is everywhere from the start. */
export function fileOf(tenants: Tenants, sockets: readonly string[], networks: number): string {
  const port = (n: number, p: number) => ({ mac: mac(p), ips: [ip(p)], hosts: [hostName(hostOf(tenants, n, p))] });
  const web = (n: number) => ({
    subnets: ['192.168.0.0/24'],
    ports: Object.fromEntries(numbers(tenants.ports).map((p) => [portName(n, p), port(n, p)])),
  });
  const first = { 'first-vm': { mac: '02:00:00:00:02:01', ips: ['192.168.1.1'] } };
  return JSON.stringify({
    hosts: Object.fromEntries(
      sockets.map((socket, h) => [hostName(h), { ovsdb: `unix:${socket}`, vtep: `10.99.0.${h + 1}` }]),
    ),
    tenants: {
      first: { networks: { web: { key: 0xfffff, subnets: ['192.168.1.0/24'], ports: first } } },
      ...Object.fromEntries(numbers(networks).map((n) => [networkName(n), { networks: { web: web(n) } }])),
    },
  });
}

/** iface-ids of the VMs on a host. */
export const idsAt = (tenants: Tenants, host: number): readonly string[] =>
  numbers(tenants.networks).flatMap((n) =>
    numbers(tenants.ports).flatMap((p) => (hostOf(tenants, n, p) === host ? [portName(n, p)] : [])),
  );

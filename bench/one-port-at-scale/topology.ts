/** The tenants of a benchmark as a topology, without the text of a file: of 100,000 ports that alone takes seconds to read. */
import { type Network, overhead, type Topology } from '../../src/topology/index.js';
import {
  hostName,
  hostOf,
  ip,
  mac,
  networkName,
  portName,
  portsOf,
  type Tenants,
  vtep,
} from '../flows-per-host/tenants.js';

const MTU = 1500;
const ENCAPSULATION = 'geneve';

/** `socket`: the OVSDB of the first host. */
export function topologyOf(tenants: Tenants, socket: string): Topology {
  const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);
  const network = (n: number): Network => {
    const tenant = networkName(n);
    const path = `${tenant}/web`;
    const ports = portsOf(tenants, n).map((p) => ({
      path: `${path}/${portName(n, p)}`,
      name: portName(n, p),
      ifaceId: portName(n, p),
      mac: mac(p),
      ips: [ip(p)],
      hosts: [hostName(hostOf(tenants, n, p))],
    }));
    const mtu = MTU - overhead(ENCAPSULATION, 'ipv4');
    return {
      path,
      tenant,
      name: 'web',
      key: n + 1,
      encapsulation: ENCAPSULATION,
      subnets: ['192.168.0.0/24'],
      mtu,
      ports,
    };
  };
  return {
    underlay: { encapsulation: ENCAPSULATION, tunnels: 'mesh', mtu: MTU },
    hosts: numbers(tenants.hosts).map((h) => ({
      name: hostName(h),
      ovsdb: h === 0 ? `unix:${socket}` : 'unix:/nowhere',
      vtep: vtep(h),
    })),
    networks: numbers(tenants.networks).map(network),
  };
}

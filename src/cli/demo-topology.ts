/** The demo's topology: two tenants, one VM of each on every host, and the same MAC and IP addresses in both. */
import type { DemoOptions } from './options.js';

/** As a topology file has it; a lab takes it as JSON. */
export function demoTopology(options: Pick<DemoOptions, 'hosts' | 'encapsulation' | 'tunnels'>): object {
  const { encapsulation, tunnels } = options;
  const numbers = Array.from({ length: options.hosts }, (_, i) => i + 1);
  const port = (n: number) => ({
    mac: `02:00:00:00:01:${n.toString(16).padStart(2, '0')}`,
    ips: [`192.168.0.${n}`],
    hosts: [`hv${n}`],
  });
  const tenant = (name: string) => ({
    networks: {
      web: {
        subnets: ['192.168.0.0/24'],
        ports: Object.fromEntries(numbers.map((n) => [`${name}-vm${n}`, port(n)])),
      },
    },
  });
  const host = (n: number) => ({
    ovsdb: `unix:/run/kakuri/hv${n}/db.sock`,
    vtep: `10.99.0.${n}`,
    ...(encapsulation === 'vlan' && { trunk: 'eth1' }),
  });
  return {
    underlay: { encapsulation, tunnels, mtu: 1500 },
    hosts: Object.fromEntries(numbers.map((n) => [`hv${n}`, host(n)])),
    tenants: { red: tenant('red'), blue: tenant('blue') },
  };
}

/** The demo's topology: two tenants, one VM of each on every host, and the same MAC and IP addresses in both. */
import type { DemoOptions } from './options.js';

export function demoTopology({
  hosts,
  encapsulation,
  tunnels,
}: Pick<DemoOptions, 'hosts' | 'encapsulation' | 'tunnels'>): string {
  const numbers = Array.from({ length: hosts }, (_, i) => i + 1);
  const network = (tenant: string): string[] => [
    `  ${tenant}:`,
    '    networks:',
    '      web:',
    '        subnets: [192.168.0.0/24]',
    '        ports:',
    ...numbers.map((n) => {
      const mac = `02:00:00:00:01:${n.toString(16).padStart(2, '0')}`;
      return `          ${tenant}-vm${n}: { mac: "${mac}", ips: [192.168.0.${n}], hosts: [hv${n}] }`;
    }),
  ];
  return [
    `underlay: { encapsulation: ${encapsulation}, tunnels: ${tunnels}, mtu: 1500 }`,
    'hosts:',
    ...numbers.map((n) => `  hv${n}: { ovsdb: "unix:/run/kakuri/hv${n}/db.sock", vtep: 10.99.0.${n} }`),
    'tenants:',
    ...network('red'),
    ...network('blue'),
    '',
  ].join('\n');
}

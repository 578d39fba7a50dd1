/**
 * The tests' topology: three hosts; red and blue with the same MAC and IP addresses, a VM of each on hv1 (two) and hv2
 * (one); green on hv1 and hv3, so that hv2 is a known host that has no business with green's key.
 */
import type { Encapsulation } from '../../src/topology/index.js';

export const KEYS = { red: 101, blue: 102, green: 103 } as const;

export interface NetworksOptions {
  readonly encapsulation?: Encapsulation;
  readonly tunnels?: 'mesh' | 'flow';
  /** Of the VTEPs. */
  readonly family?: 'ipv4' | 'ipv6';
  /** The networks have an IPv6 subnet as well, and VM n has fd00:1::n. */
  readonly dual?: boolean;
  /** More keys of a port by its name, in YAML's flow style. */
  readonly more?: Readonly<Record<string, string>>;
}

/** The VTEP of host hvN; the rogue of the lab has none of them. */
export const vtep = (n: number, family: 'ipv4' | 'ipv6' = 'ipv4'): string =>
  family === 'ipv4' ? `10.99.0.${n}` : `fd00:99::${n.toString(16)}`;

const tenant = (name: keyof typeof KEYS, dual: boolean, ports: readonly string[]) =>
  [
    `  ${name}:`,
    '    networks:',
    '      web:',
    `        key: ${KEYS[name]}`,
    `        subnets: [192.168.0.0/24${dual ? ', "fd00:1::/64"' : ''}]`,
    '        ports:',
    ...ports,
  ].join('\n');

export function networks({
  encapsulation = 'geneve',
  tunnels = 'mesh',
  family,
  dual = false,
  more = {},
}: NetworksOptions = {}): string {
  const port = (name: string, n: number, host: string) => {
    const ips = `[192.168.0.${n}${dual ? `, "fd00:1::${n}"` : ''}]`;
    const rest = more[name] === undefined ? '' : `, ${more[name]}`;
    return `          ${name}: { mac: "02:00:00:00:01:0${n}", ips: ${ips}, hosts: [${host}]${rest} }`;
  };
  const same = (name: 'red' | 'blue') =>
    tenant(name, dual, [port(`${name}-vm1`, 1, 'hv1'), port(`${name}-vm2`, 2, 'hv2'), port(`${name}-vm3`, 3, 'hv1')]);
  return [
    `underlay: { encapsulation: ${encapsulation}, tunnels: ${tunnels}, mtu: 1500 }`,
    'hosts:',
    ...[1, 2, 3].map((n) => `  hv${n}: { ovsdb: "unix:/run/kakuri/hv${n}/db.sock", vtep: "${vtep(n, family)}" }`),
    'tenants:',
    same('red'),
    same('blue'),
    tenant('green', dual, [port('green-vm1', 1, 'hv1'), port('green-vm2', 4, 'hv3')]),
    '',
  ].join('\n');
}

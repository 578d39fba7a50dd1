/**
 * Every mistake that `check` knows: the file, the place (marked ▶ in the text), the code and the message. Each row asks
 * for exactly one problem, so that a mistake causes no second message.
 */
import { expect } from 'chai';
import { parseTopology } from '../../src/topology/index.js';
import { brief, fileOf, type Parts } from './file.js';

type Row = readonly [what: string, file: Parts | string, code: string, message: string];

const NAME_RULE = 'a name has 1 to 63 of A-Z a-z 0-9 . _ - and starts with a letter or digit';
const MAC = 'mac: "02:00:00:00:01:01"';
const host = (name: string, n: number) => `${name}: { ovsdb: "unix:/${n}", vtep: 10.99.0.${n} }`;

const YAML_ROWS: readonly Row[] = [
  ['an empty file', '▶', 'wrong-type', 'the file is empty here and must be a mapping: the file: { … }'],
  ['a list', '▶- a', 'wrong-type', 'the file is a list here and must be a mapping: the file: { … }'],
  [
    'a key twice',
    fileOf({ networks: '▶web: {}' }),
    'duplicate-key',
    'web is given twice (first on line 6): rename or remove one',
  ],
  [
    'a port twice',
    { ports: `{ vm1: { ${MAC} }, ▶vm1: { ${MAC} } }` },
    'duplicate-key',
    'vm1 is given twice (first on line 8): rename or remove one',
  ],
  [
    '1 and "1"',
    { ports: `{ 1: { ${MAC} }, ▶"1": { ${MAC} } }` },
    'duplicate-key',
    '1 is given twice (first on line 8): rename or remove one',
  ],
  [
    'a list as a key',
    { web: '▶[a]: 1', ports: '{}' },
    'bad-name',
    'a key must be plain text of letters, digits, ".", "_" and "-"',
  ],
  [
    '__proto__',
    { tenants: '▶__proto__: {}' },
    'bad-name',
    'a key must be plain text of letters, digits, ".", "_" and "-"',
  ],
  [
    'an alias inside itself',
    { web: 'subnets: &a [▶*a]', ports: '{}' },
    'yaml',
    'YAML: an alias inside what it stands for',
  ],
  ['unknown tag', { underlay: '{ mtu: ▶!octets 1500 }' }, 'yaml', 'YAML: Unresolved tag: !octets'],
];

const TUNNEL_ROWS: readonly Row[] = [
  [
    'csum',
    { underlay: '{ csum: ▶1 }' },
    'bad-csum',
    '1 does not say whether tunnel packets have a checksum: write true or false',
  ],
  [
    'df',
    { underlay: '{ df: ▶"yes" }' },
    'bad-df',
    '"yes" does not say whether tunnel packets must not be fragmented: write true or false',
  ],
  ['tos', { underlay: '{ tos: ▶256 }' }, 'bad-tos', '256 is no TOS of tunnel packets: write 0 to 255, or inherit'],
  ['ttl 0', { underlay: '{ ttl: ▶0 }' }, 'bad-ttl', '0 is no TTL of tunnel packets: write 1 to 255, or inherit'],
];

const portRow = (what: string, keys: string, code: string, message: string): Row => [
  what,
  { ports: `{ a: { ${MAC}, ips: [192.168.0.1], ${keys} }, b: { mac: "02:00:00:00:01:02", ips: ["fd00:1::2"] } }` },
  code,
  message,
];

const PORT_ROWS: readonly Row[] = [
  portRow(
    'no address',
    'allowed: [▶10.0.0.0/33]',
    'bad-allowed',
    '"10.0.0.0/33" is no address or prefix: write an address and a prefix length like 192.168.0.0/24 or "fd00:1::/64"',
  ),
  portRow(
    'host bits',
    'allowed: [▶10.0.0.1/8]',
    'bad-allowed',
    '"10.0.0.1/8" is no address or prefix: bits after the prefix are set: write 10.0.0.0/8',
  ),
  portRow(
    'a group',
    'allowed: [▶224.0.0.0/4]',
    'bad-allowed',
    '"224.0.0.0/4" is no address or prefix: a multicast address',
  ),
  portRow(
    'everything',
    'allowed: [▶"::/0"]',
    'bad-allowed',
    '"::/0" is no address or prefix: that is every address: write ip-checks: false',
  ),
  portRow('twice', 'allowed: [10.0.0.1, ▶10.0.0.1/32]', 'duplicate-allowed', '10.0.0.1 is allowed twice: remove one'),
  portRow(
    'its own address',
    'allowed: [▶192.168.0.1]',
    'allowed-taken',
    '192.168.0.1 is an address of port a: correct it, or leave it out',
  ),
  portRow(
    "another's address",
    'allowed: [▶"fd00:1::/64"]',
    'allowed-taken',
    'fd00:1::/64 holds fd00:1::2, an address of port b: correct it, or leave it out',
  ),
  portRow(
    "another's link-local address",
    'allowed: [▶"fe80::ff:fe00:102"]',
    'allowed-taken',
    'fe80::ff:fe00:102 is an address of port b: correct it, or leave it out',
  ),
  [
    'IPv6 where there is none',
    { web: 'subnets: [192.168.0.0/24]', ports: `{ a: { ${MAC}, allowed: [▶"fd00::1"] } }` },
    'allowed-without-ipv6',
    'fd00::1: red/web has no IPv6: add an IPv6 subnet',
  ],
  [
    'the link-local address of another',
    {
      web: 'subnets: ["fe80::/64"]',
      ports: `{ a: { ${MAC} }, b: { mac: "02:00:00:00:01:02", ips: [▶"fe80::ff:fe00:101"] } }`,
    },
    'duplicate-ip',
    'address fe80::ff:fe00:101 is that of port a, by its MAC address: give b its own (first on line 8)',
  ],
  portRow(
    'ip-checks',
    'ip-checks: ▶off',
    'bad-ip-checks',
    '"off" does not say whether its IP addresses are checked: write true or false',
  ),
  portRow(
    'unknown',
    'unknown: ▶1',
    'bad-unknown',
    '1 does not say whether it receives what is for unknown MAC addresses: write true or false',
  ),
  portRow(
    'broadcast-rate',
    'broadcast-rate: ▶0',
    'bad-broadcast-rate',
    '0 is no number of packets a second: write a whole number from 1 to 1000000',
  ),
  portRow(
    'rate',
    'qos: { rate: ▶1.5, burst: 9 }',
    'bad-rate',
    '1.5 is no rate in kbit/s: write a whole number from 1 to 4000000000',
  ),
  portRow(
    'burst',
    'qos: { rate: 10, burst: ▶x }',
    'bad-burst',
    '"x" is no burst in kbit: write a whole number from 1 to 4000000000',
  ),
  portRow('dscp', 'qos: { dscp: ▶64 }', 'bad-dscp', '64 is no DSCP: write 0 to 63'),
  portRow('qos', 'qos: { ▶rat: 5 }', 'unknown-key', 'unknown key "rat": did you mean rate?'),
  portRow('burst alone', 'qos: { burst: ▶10 }', 'burst-without-rate', 'a burst above no rate: add rate, in kbit/s'),
  [
    'a wide key beside unknown',
    {
      ports: `{ a: { ${MAC}, unknown: true } }`,
      networks: 'db: { encapsulation: gre, key: ▶2147483648 }',
    },
    'key-too-wide',
    'tunnel key 2147483648 has a group number that unknown of red/web/a needs: choose one below 2147483648 (first on line 8)',
  ],
];

const service = (what: string, keys: string, code: string, message: string, ports?: string): Row => [
  what,
  { web: `subnets: [192.168.0.0/24, "fd00:1::/64"]\n        ${keys}`, ...(ports === undefined ? {} : { ports }) },
  code,
  message,
];
const SERVICE_ROWS: readonly Row[] = [
  service(
    'a kind of advertisements',
    'ra: ▶always',
    'bad-ra',
    '"always" is no kind of router advertisements: choose slaac, managed, off',
  ),
  service(
    'a lease of no time',
    'dhcp: { lease: ▶0 }',
    'bad-lease',
    '0 is no lease in seconds: write a whole number from 1 to 4294967295',
  ),
  service(
    'an unknown key of dhcp',
    'dhcp: { ▶gatway: 192.168.0.9 }',
    'unknown-key',
    'unknown key "gatway": did you mean gateway?',
  ),
  service(
    'an unknown key of a route',
    'dhcp: { routes: [{ to: 10.0.0.0/8, via: 192.168.0.9, ▶vai: 1 }] }',
    'unknown-key',
    'unknown key "vai": did you mean via?',
  ),
  service(
    'a route without a router',
    'dhcp: { routes: [▶{ to: 10.0.0.0/8 }] }',
    'missing-key',
    'routes[0] has no via: add it',
  ),
  service(
    'a DNS server that is none',
    'dhcp: { dns: [▶dns1] }',
    'bad-ip',
    '"dns1" is no IP address: write one IPv4 or IPv6 address like 192.168.0.1 or "fd00:1::1"',
  ),
  service(
    'a gateway elsewhere',
    'dhcp: { gateway: ▶10.0.0.1 }',
    'router-outside-subnets',
    '10.0.0.1: outside the subnets of red/web: VMs cannot reach it',
  ),
  service(
    'an IPv6 gateway',
    'dhcp: { gateway: ▶"fd00:1::9" }',
    'router-not-ipv4',
    'fd00:1::9: DHCP gives out IPv4 routers only',
  ),
  service(
    'an IPv6 route',
    'dhcp: { routes: [{ to: ▶"fd00:2::/64", via: 192.168.0.9 }] }',
    'route-not-ipv4',
    'fd00:2::/64: DHCP gives out IPv4 routes only',
  ),
  service(
    'more DNS servers than fit',
    `dhcp: { dns: ▶[${Array.from({ length: 9 }, (_, i) => `192.168.0.${i + 1}`).join(', ')}] }`,
    'too-many',
    'more than 8 dns: they do not fit into a DHCP message',
  ),
  [
    'advertisements without IPv6',
    { web: 'subnets: [192.168.0.0/24]\n        ra: ▶slaac' },
    'ra-without-ipv6',
    'ra: slaac: red/web has no IPv6: add an IPv6 subnet, or leave it out',
  ],
  [
    'SLAAC of a prefix that is too long',
    { web: 'subnets: [192.168.0.0/24, ▶"fd00:1::/72"]\n        ra: slaac' },
    'slaac-prefix',
    'fd00:1::/72: SLAAC needs a prefix of 64 bits: write /64, or ra: managed',
  ],
  service(
    'an address that another makes by SLAAC',
    'ra: slaac',
    'duplicate-ip',
    'address fd00:1::ff:fe00:101 is that of port a, by SLAAC: give b its own (first on line 9)',
    `{ a: { ${MAC} }, b: { mac: "02:00:00:00:01:02", ips: [▶"fd00:1::ff:fe00:101"] } }`,
  ),
  service(
    'an allowed address that another makes by SLAAC',
    'ra: slaac',
    'allowed-taken',
    'fd00:1::ff:fe00:0/112 holds fd00:1::ff:fe00:101, an address of port a: correct it, or leave it out',
    `{ a: { ${MAC} }, b: { mac: "02:00:00:00:01:02", allowed: [▶"fd00:1::ff:fe00:0/112"] } }`,
  ),
];

const SHAPE_ROWS: readonly Row[] = [
  [
    'unknown key, near',
    { underlay: '{ ▶tunels: mesh }' },
    'unknown-key',
    'unknown key "tunels": did you mean tunnels?',
  ],
  [
    'unknown key, far',
    { ports: `{ a: { ${MAC}, ▶colour: 5 } }` },
    'unknown-key',
    'unknown key "colour": a takes mac, ips, iface-id, hosts, allowed, ip-checks, unknown, broadcast-rate, qos',
  ],
  ['unknown key at the top', `▶host: {}\n${fileOf({})}`, 'unknown-key', 'unknown key "host": did you mean hosts?'],
  [
    'unknown key of a host',
    { hosts: `{ hv1: { ovsdb: "unix:/1", vtep: 10.0.0.1, ▶vteps: 1 } }` },
    'unknown-key',
    'unknown key "vteps": did you mean vtep?',
  ],
  ['unknown key of a network', { web: '▶subnet: []' }, 'unknown-key', 'unknown key "subnet": did you mean subnets?'],
  [
    'unknown key of a tenant',
    { tenants: 'blue: { ▶ports: {} }' },
    'unknown-key',
    'unknown key "ports": blue takes networks',
  ],
  [
    'a merge key',
    { web: '▶<<: { key: 1 }' },
    'unknown-key',
    'unknown key "<<": web takes key, encapsulation, vlan, zone, subnets, dhcp, ra, ports',
  ],
  ['no mac', { ports: '{ ▶vm1: { ips: [] } }' }, 'missing-key', 'vm1 has no mac: add it'],
  ['no vtep', { hosts: '{ ▶hv1: { ovsdb: "unix:/1" } }' }, 'missing-key', 'hv1 has no vtep: add it'],
  ['no ovsdb', { hosts: '{ ▶hv1: { vtep: 10.0.0.1 } }' }, 'missing-key', 'hv1 has no ovsdb: add it'],
  ['no tenants', `▶hosts: { ${host('hv1', 1)} }`, 'missing-key', 'the file has no tenants: add it'],
  ['no hosts section', '▶tenants: {}', 'missing-key', 'the file has no hosts: add it'],
  ['no hosts', { hosts: '▶{}' }, 'no-hosts', 'no hosts: name at least one under hosts'],
  [
    'empty section',
    { hosts: `{ ▶hv1: , ${host('hv2', 2)} }` },
    'wrong-type',
    'hv1 is empty here and must be a mapping: hv1: { … }',
  ],
  [
    'ips no list',
    { ports: `{ vm1: { ${MAC}, ▶ips: 192.168.0.1 } }` },
    'wrong-type',
    'ips is "192.168.0.1" here and must be a list: ips: [ … ]',
  ],
  ['ports a list', { ports: '[vm1]' }, 'wrong-type', 'ports is a list here and must be a mapping: ports: { … }'],
];

const VALUE_ROWS: readonly Row[] = [
  [
    'bad MAC',
    { ports: '{ a: { mac: ▶"02:00:00:00:01" } }' },
    'bad-mac',
    '"02:00:00:00:01" is no MAC address: write six octets like "02:00:00:00:01:01"',
  ],
  ['MAC a number', { ports: '{ a: { mac: ▶2 } }' }, 'bad-mac', '2 is no MAC address: write it as text, in quotes'],
  [
    'multicast MAC',
    { ports: '{ a: { mac: ▶"03:00:00:00:01:01" } }' },
    'bad-mac',
    '"03:00:00:00:01:01" is no MAC address: a multicast address: the first octet must be even',
  ],
  [
    'broadcast MAC',
    { ports: '{ a: { mac: ▶"ff:ff:ff:ff:ff:ff" } }' },
    'bad-mac',
    '"ff:ff:ff:ff:ff:ff" is no MAC address: a multicast address: the first octet must be even',
  ],
  [
    'zero MAC',
    { ports: '{ a: { mac: ▶"00:00:00:00:00:00" } }' },
    'bad-mac',
    '"00:00:00:00:00:00" is no MAC address: the zero address is no port\'s: take one like "02:00:00:00:01:01"',
  ],
  [
    'bad IP',
    { ports: `{ a: { ${MAC}, ips: [▶192.168.0.256] } }` },
    'bad-ip',
    '"192.168.0.256" is no IP address: write one IPv4 or IPv6 address like 192.168.0.1 or "fd00:1::1"',
  ],
  [
    'octal IP',
    { ports: `{ a: { ${MAC}, ips: [▶192.168.0.010] } }` },
    'bad-ip',
    '"192.168.0.010" is no IP address: write one IPv4 or IPv6 address like 192.168.0.1 or "fd00:1::1"',
  ],
  [
    'IP with a zone',
    { ports: `{ a: { ${MAC}, ips: [▶"fd00:1::1%eth0"] } }` },
    'bad-ip',
    '"fd00:1::1%eth0" is no IP address: write one IPv4 or IPv6 address like 192.168.0.1 or "fd00:1::1"',
  ],
  [
    'multicast IP',
    { ports: `{ a: { ${MAC}, ips: [▶224.0.0.5] } }` },
    'bad-ip',
    '"224.0.0.5" is no IP address: a multicast address',
  ],
  [
    'mapped IP',
    { ports: `{ a: { ${MAC}, ips: [▶"::ffff:192.168.0.1"] } }` },
    'bad-ip',
    '"::ffff:192.168.0.1" is no IP address: an IPv4 address inside an IPv6 address: write the IPv4 address',
  ],
  [
    'bad CIDR',
    { web: 'subnets: [▶192.168.0.0]', ports: '{}' },
    'bad-cidr',
    '"192.168.0.0" is no subnet: write an address and a prefix length like 192.168.0.0/24 or "fd00:1::/64"',
  ],
  [
    'prefix too long',
    { web: 'subnets: [▶192.168.0.0/33]', ports: '{}' },
    'bad-cidr',
    '"192.168.0.0/33" is no subnet: write an address and a prefix length like 192.168.0.0/24 or "fd00:1::/64"',
  ],
  [
    'host bits',
    { web: 'subnets: [▶192.168.0.1/24]' },
    'bad-cidr',
    '"192.168.0.1/24" is no subnet: bits after the prefix are set: write 192.168.0.0/24',
  ],
  [
    'host bits, IPv6',
    { web: 'subnets: [192.168.0.0/24, ▶"fd00:1::5/63"]' },
    'bad-cidr',
    '"fd00:1::5/63" is no subnet: bits after the prefix are set: write fd00:1::/63',
  ],
  ['key 0', { web: 'key: ▶0', ports: '{}' }, 'key-zero', "key 0 is no network's: choose 1 or more, or leave it out"],
  [
    'negative key',
    { web: 'key: ▶-1', ports: '{}' },
    'bad-key',
    '-1 is no tunnel key: write a whole number from 1, or leave it out',
  ],
  [
    'fraction as key',
    { web: 'key: ▶1.5', ports: '{}' },
    'bad-key',
    '1.5 is no tunnel key: write a whole number from 1, or leave it out',
  ],
  [
    'text as key',
    { web: 'key: ▶"7"', ports: '{}' },
    'bad-key',
    '"7" is no tunnel key: write a whole number from 1, or leave it out',
  ],
  [
    'infinite key',
    { web: 'key: ▶.inf', ports: '{}' },
    'bad-key',
    'Infinity is no tunnel key: write a whole number from 1, or leave it out',
  ],
  [
    'encapsulation',
    { underlay: '{ encapsulation: ▶mpls }' },
    'bad-encapsulation',
    '"mpls" is no encapsulation: choose geneve, vxlan, gre, nvgre, vlan, ip-tunnel',
  ],
  ['tunnels', { underlay: '{ tunnels: ▶star }' }, 'bad-tunnels', '"star" is no kind of tunnels: choose mesh, flow'],
  [
    'fabric',
    { underlay: '{ fabric: ▶torus }' },
    'bad-fabric',
    '"torus" is no fabric: choose switched, routed, leaf-spine, leaf-pair',
  ],
  ['mtu', { underlay: '{ mtu: ▶big }' }, 'bad-mtu', '"big" is no MTU: write a whole number of octets, commonly 1500'],
  [
    'iface-id',
    { ports: `{ a: { ${MAC}, iface-id: ▶"a b" } }` },
    'bad-iface-id',
    '"a b" is no iface-id: write 1 to 255 printable characters without spaces',
  ],
  ['port name', { ports: `{ ▶-a: { ${MAC} } }` }, 'bad-name', `"-a" is no name: ${NAME_RULE}`],
  ['network name', { networks: '▶a/b: {}' }, 'bad-name', `"a/b" is no name: ${NAME_RULE}`],
  ['tenant name', { tenants: '▶"": {}' }, 'bad-name', `"" is no name: ${NAME_RULE}`],
  ['host name', { hosts: `{ ${host('▶ü', 1)} }` }, 'bad-name', `"ü" is no name: ${NAME_RULE}`],
];

const ovsdbRow = (what: string, address: string, message: string): Row => [
  what,
  { hosts: `{ hv1: { ovsdb: ▶${JSON.stringify(address)}, vtep: 10.0.0.1 } }` },
  'bad-ovsdb',
  `${JSON.stringify(address)} is no OVSDB address: ${message}`,
];
const FORM = 'write unix:PATH, tcp:IP:PORT or ssl:IP:PORT';
const OVSDB_ROWS: readonly Row[] = [
  ovsdbRow('no method', '10.0.0.1:6640', FORM),
  ovsdbRow('another method', 'udp:10.0.0.1:6640', FORM),
  ovsdbRow('passive', 'ptcp:6640', 'ptcp: is where a server listens; Kakuri connects to it: write tcp:…'),
  ovsdbRow('no path', 'unix:', 'write the path of the socket after unix:'),
  ovsdbRow(
    'long path',
    `unix:/${'x'.repeat(40)}`.padEnd(113, 'y'),
    'the path of a socket has at most 107 octets: take a shorter one',
  ),
  ovsdbRow('no port', 'tcp:10.0.0.1', `${FORM}, with an IPv6 address in brackets and the port given`),
  ovsdbRow('port 0', 'tcp:10.0.0.1:0', 'a port is 1 to 65535; ovsdb-server commonly has 6640'),
  ovsdbRow('bad IP', 'tcp:10.0.0.300:6640', FORM),
  ovsdbRow('bare IPv6', 'tcp:::1:6640', `${FORM}, with an IPv6 address in brackets and the port given`),
  ovsdbRow('bad name', 'ssl:hv_1-:6640', FORM),
].map(([what, file, code, message]) => [what, file, code, shortened(message)] as const);

/** Values in messages are cut at 60 characters. */
function shortened(message: string): string {
  return message.replace(/^"[^"]{59,}"/, (value) => `${value.slice(0, 59)}…`);
}

/** A network that is joined to a VLAN, and what can be wrong with that. */
function joinedRows(): readonly Row[] {
  const hosts = `{ ${[1, 2, 3].map((n) => `${host(`hv${n}`, n).slice(0, -2)}${n < 3 ? ', trunk: eth1' : ''} }`).join(', ')} }`;
  const web = (vlan: string, more = '') => ({ hosts, web: `${more}vlan: ${vlan}`, ports: '{}' });
  const ports = (given: string) => ({ hosts, web: 'vlan: { id: 5, hosts: [hv1], gateways: [hv2] }', ports: given });
  const kinds = 'choose geneve, vxlan, gre, nvgre';
  return [
    [
      'no id',
      { hosts, web: '▶vlan: { hosts: [hv1], gateways: [hv2] }', ports: '{}' },
      'missing-key',
      'vlan has no id: add it',
    ],
    [
      'VLAN id 4095',
      web('{ id: ▶4095, hosts: [hv1], gateways: [hv2] }'),
      'bad-vlan',
      '4095 is no VLAN id: write a whole number from 1 to 4094',
    ],
    [
      'a strange key of vlan',
      web('{ id: 5, hosts: [hv1], gateways: [hv2], ▶gateway: hv3 }'),
      'unknown-key',
      'unknown key "gateway": did you mean gateways?',
    ],
    [
      'a VLAN joined to a VLAN',
      web('{ id: 5, hosts: [hv1], gateways: [hv2] }', 'encapsulation: ▶vlan\n        '),
      'not-joinable',
      `red/web is vlan, which cannot be joined to a VLAN: ${kinds}`,
    ],
    [
      'gateways without BFD',
      { hosts, web: '▶vlan: { id: 5, hosts: [hv1], gateways: [hv2] }', ports: '{}', underlay: '{ tunnels: flow }' },
      'not-joinable',
      'gateways are watched by BFD, which needs tunnels: mesh',
    ],
    [
      'no gateway',
      web('{ id: 5, hosts: [hv1], gateways: ▶[] }'),
      'no-gateway',
      'nobody joins the two halves of red/web: name one or two hosts',
    ],
    [
      'an unknown gateway',
      web('{ id: 5, hosts: [hv1], gateways: [▶hv9] }'),
      'unknown-host',
      'unknown host hv9: hosts has hv1, hv2, hv3',
    ],
    [
      'a gateway twice',
      web('{ id: 5, hosts: [hv1], gateways: [hv2, ▶hv2] }'),
      'duplicate-host',
      'host hv2 is named twice: remove one',
    ],
    [
      'a gateway without a trunk',
      web('{ id: 5, hosts: [hv1], gateways: [▶hv3] }'),
      'no-trunk',
      'host hv3 has no trunk and is a gateway: give it one (trunk: eth1)',
    ],
    [
      'a host of the VLAN without a trunk',
      web('{ id: 5, hosts: [▶hv3], gateways: [hv2] }'),
      'no-trunk',
      'host hv3 has no trunk and is on the VLAN: give it one (trunk: eth1)',
    ],
    [
      'a gateway on the VLAN',
      web('{ id: 5, hosts: [hv1], gateways: [▶hv1] }'),
      'gateway-on-vlan',
      'hv1 is a host of the VLAN: a gateway runs no VMs of red/web',
    ],
    [
      'a port on a gateway',
      ports(`{ vm1: { ${MAC}, hosts: [hv1, ▶hv2] } }`),
      'on-gateway',
      'hv2 is a gateway of red/web, and runs no VMs of it',
    ],
    [
      'a port anywhere',
      ports(`{ ▶vm1: { ${MAC} } }`),
      'on-gateway',
      'vm1 may run anywhere, on gateways of red/web too: say where (hosts)',
    ],
    [
      'the unknown',
      ports(`{ vm1: { ${MAC}, hosts: [hv1], unknown: ▶true } }`),
      'not-joinable',
      'vm1 receives unknown MAC addresses: no gateway carries them',
    ],
    [
      'the id of a VLAN',
      { ...web('{ id: ▶5, hosts: [hv1], gateways: [hv2] }'), networks: 'db: { encapsulation: vlan, key: 5 }' },
      'duplicate-vlan',
      'VLAN id 5 is taken by network red/db: choose another (first on line 9)',
    ],
    [
      'one id of two',
      {
        ...web('{ id: 5, hosts: [hv1], gateways: [hv2] }'),
        networks: 'db: { vlan: { id: ▶5, hosts: [], gateways: [hv1] } }',
      },
      'duplicate-vlan',
      'VLAN id 5 is taken by network red/web: choose another (first on line 7)',
    ],
  ];
}

/** Zones of VLAN ids. */
function zoneRows(): readonly Row[] {
  const zoned = (...zones: readonly string[]): string =>
    `{ ${zones.map((zone, i) => `${host(`hv${i + 1}`, i + 1).slice(0, -2)}, ${zone} }`).join(', ')} }`;
  const both = zoned('trunk: eth1, zone: west', 'trunk: eth1, zone: east');
  const vlan = (ports: string, more = '') => `{ encapsulation: vlan, key: 5, ${more}ports: { ${ports} } }`;
  const at = (name: string, ...hosts: readonly string[]) => `${name}: { ${MAC}, hosts: [${hosts.join(', ')}] }`;
  return [
    [
      'a bad name of a zone',
      { hosts: zoned('trunk: eth1, zone: ▶"w t"') },
      'bad-zone',
      `"w t" is no zone: ${NAME_RULE}`,
    ],
    [
      'a zone without a trunk',
      { hosts: zoned('zone: ▶west') },
      'no-trunk',
      'host hv1 has a zone and no trunk: give it one (trunk: eth1)',
    ],
    [
      'a trunk without a zone beside one with',
      { hosts: zoned('trunk: eth1, zone: west', 'trunk: eth1').replace('hv2:', '▶hv2:') },
      'no-zone',
      'host hv2 has a trunk and no zone, and hv1 has one: say whose VLAN ids its trunk has (zone: west) (first on line 2)',
    ],
    [
      'a zone that no host has',
      { hosts: both, networks: `db: ${vlan('', 'zone: ▶north, ')}` },
      'unknown-zone',
      'unknown zone north: hosts have west, east',
    ],
    [
      'a zone of tunnels',
      { hosts: both, networks: 'db: { encapsulation: gre, zone: ▶west }' },
      'not-a-vlan',
      'red/db is gre, and zones are of VLANs: leave it out',
    ],
    [
      'one id in one zone',
      {
        hosts: both,
        networks: `db: ${vlan(at('a', 'hv1', 'hv2'))}`,
        tenants: `blue: { networks: { web: ${vlan(at('b', 'hv2')).replace('5', '▶5')} } }`,
      },
      'duplicate-tunnel-key',
      'tunnel key 5 is taken by network red/db in zone east: choose another, or leave it out (first on line 9)',
    ],
    [
      'one id in all zones',
      {
        hosts: both,
        networks: `db: ${vlan('', 'zone: west, ')}`,
        tenants: `blue: { networks: { web: ${vlan(`a: { ${MAC} }`).replace('5', '▶5')} } }`,
      },
      'duplicate-tunnel-key',
      'tunnel key 5 is taken by network red/db in zone west: choose another, or leave it out (first on line 9)',
    ],
    [
      'the id of a half, in its zone',
      {
        hosts: zoned('trunk: eth1, zone: west', 'trunk: eth1, zone: west', 'trunk: eth1, zone: east'),
        web: 'vlan: { id: ▶5, hosts: [hv1], gateways: [hv2] }',
        ports: '{}',
        networks: `db: ${vlan(at('a', 'hv1'))}`,
      },
      'duplicate-vlan',
      'VLAN id 5 is taken by network red/db in zone west: choose another (first on line 9)',
    ],
  ];
}

/** Both hosts with a trunk. */
const TRUNKS =
  '{ hv1: { ovsdb: "unix:/1", vtep: 10.99.0.1, trunk: eth1 }, hv2: { ovsdb: "unix:/2", vtep: 10.99.0.2, trunk: eth1 } }';

const TOGETHER_ROWS: readonly Row[] = [
  [
    'outside',
    { ports: `{ a: { ${MAC}, ips: [▶192.168.1.1] } }` },
    'address-outside-subnets',
    '192.168.1.1: outside the subnets of red/web (192.168.0.0/24, fd00:1::/64): correct it, or add its subnet',
  ],
  [
    'outside, IPv6',
    { ports: `{ a: { ${MAC}, ips: [▶"fd00:2::1"] } }` },
    'address-outside-subnets',
    'fd00:2::1: outside the subnets of red/web (192.168.0.0/24, fd00:1::/64): correct it, or add its subnet',
  ],
  [
    'no subnets',
    { web: 'subnets: []', ports: `{ a: { ${MAC}, ips: [▶192.168.0.1] } }` },
    'address-outside-subnets',
    '192.168.0.1: red/web has no subnets: correct it, or add its subnet',
  ],
  [
    'network address',
    { ports: `{ a: { ${MAC}, ips: [▶192.168.0.0] } }` },
    'reserved-address',
    '192.168.0.0 is the network address of 192.168.0.0/24: choose one between',
  ],
  [
    'broadcast address',
    { ports: `{ a: { ${MAC}, ips: [▶192.168.0.255] } }` },
    'reserved-address',
    '192.168.0.255 is the broadcast address of 192.168.0.0/24: choose one between',
  ],
  [
    'overlapping subnets',
    { web: 'subnets: [192.168.0.0/24, ▶192.168.0.0/16]' },
    'subnet-overlap',
    'subnet 192.168.0.0/16 overlaps 192.168.0.0/24 of red/web: keep one (first on line 7)',
  ],
  [
    'the same subnet',
    { web: 'subnets: ["fd00::/8", 192.168.0.0/24, ▶"fd00::/8"]' },
    'subnet-overlap',
    'subnet fd00::/8 overlaps fd00::/8 of red/web: keep one (first on line 7)',
  ],
  [
    'MAC twice',
    { ports: '{ a: { mac: "02:00:00:00:0a:01" }, b: { mac: ▶"02:00:00:00:0A:01" } }' },
    'duplicate-mac',
    'MAC 02:00:00:00:0a:01 is that of port a already: give b its own (first on line 8)',
  ],
  [
    'IP twice',
    { ports: `{ a: { ${MAC}, ips: ["fd00:1::1"] }, b: { mac: "02:00:00:00:01:02", ips: [▶"fd00:1:0::0:1"] } }` },
    'duplicate-ip',
    'address fd00:1::1 is that of port a already: give b its own (first on line 8)',
  ],
  [
    'iface-id twice',
    { ports: `{ a: { ${MAC}, iface-id: x }, b: { mac: "02:00:00:00:01:02", iface-id: ▶x } }` },
    'duplicate-iface-id',
    'iface-id x of red/web/b is that of red/web/a already: rename the port, or give it its own iface-id (first on line 8)',
  ],
  [
    'iface-id by name',
    { tenants: `blue: { networks: { web: { ports: { ▶vm1: { ${MAC} } } } } }` },
    'duplicate-iface-id',
    'iface-id vm1 of blue/web/vm1 is that of red/web/vm1 already: rename the port, or give it its own iface-id (first on line 8)',
  ],
  [
    'GRE keys whose groups would have one number',
    {
      ports: '{}',
      networks: 'db: { encapsulation: gre, key: 4294967295 }',
      tenants: 'blue: { networks: { a: { encapsulation: gre, key: ▶4294967039 } } }',
    },
    'duplicate-tunnel-key',
    'tunnel key 4294967039 needs the OpenFlow group number that is taken (keys from 4294967040 on take numbers 256 lower) by network red/db: choose another, or leave it out (first on line 9)',
  ],
  [
    'key twice',
    { web: 'key: 5', ports: '{}', tenants: 'blue: { networks: { web: { key: ▶5 } } }' },
    'duplicate-tunnel-key',
    'tunnel key 5 is taken by network red/web: choose another, or leave it out (first on line 7)',
  ],
  [
    'key twice, two encapsulations',
    { web: 'key: 5', ports: '{}', networks: 'db: { encapsulation: gre, key: ▶5 }' },
    'duplicate-tunnel-key',
    'tunnel key 5 is taken by network red/web: choose another, or leave it out (first on line 7)',
  ],
  [
    '25 bits',
    { web: 'key: ▶16777216', ports: '{}' },
    'key-too-wide',
    'tunnel key 16777216 is wider than the 24 bits of geneve: choose at most 16777215',
  ],
  [
    '25 bits, vxlan',
    { networks: 'db: { encapsulation: vxlan, key: ▶16777216 }' },
    'key-too-wide',
    'tunnel key 16777216 is wider than the 24 bits of vxlan: choose at most 16777215',
  ],
  ...[0, 4095, 4096, 70000].map(
    (id): Row => [
      `VLAN id ${id}`,
      { hosts: TRUNKS, networks: `db: { encapsulation: vlan, key: ▶${id} }` },
      id === 0 ? 'key-zero' : 'key-too-wide',
      id === 0
        ? "key 0 is no network's: choose 1 or more, or leave it out"
        : `VLAN id ${id} does not exist (IEEE 802.1Q has 12 bits, and 4095 is reserved): choose at most 4094`,
    ],
  ),
  [
    'VLAN id twice',
    {
      hosts: TRUNKS,
      networks: 'db: { encapsulation: vlan, key: 5 }',
      tenants: 'blue: { networks: { web: { encapsulation: vlan, key: ▶5 } } }',
    },
    'duplicate-tunnel-key',
    'tunnel key 5 is taken by network red/db: choose another, or leave it out (first on line 9)',
  ],
  ...joinedRows(),
  ...zoneRows(),
  [
    'a VLAN that may be where no trunk is',
    { networks: `db: { encapsulation: ▶vlan, ports: { a: { ${MAC} } } }` },
    'no-trunk',
    'host hv1 has no trunk for VLAN network red/db: give it one (trunk: eth1), or say where its ports run',
  ],
  [
    'a VLAN on a host without a trunk',
    {
      hosts: TRUNKS.replace(', trunk: eth1 } }', ' } }'),
      networks: `db: { encapsulation: vlan, ports: { a: { ${MAC}, hosts: [hv1, ▶hv2] } } }`,
    },
    'no-trunk',
    'host hv2 has no trunk for VLAN network red/db: give it one (trunk: eth1)',
  ],
  ...(
    [
      [
        'any address',
        `{ ${MAC}, ips: [192.168.0.1], ip-checks: ▶false }`,
        'a may use any IP address; leave ip-checks out',
      ],
      [
        'unknown MAC addresses',
        `{ ${MAC}, ips: [192.168.0.1], unknown: ▶true }`,
        'a receives what is for unknown MAC addresses; leave it out',
      ],
      [
        'shared addresses',
        `{ ${MAC}, ips: [192.168.0.1], allowed: ▶[192.168.0.9] }`,
        'a may use addresses that others may have, too; leave allowed out',
      ],
    ] as const
  ).map(
    ([what, port, says]): Row => [
      `a port of an IP tunnel with ${what}`,
      { networks: `db: { encapsulation: ip-tunnel, subnets: [192.168.0.0/24], ports: { a: ${port} } }` },
      'not-routable',
      `${says}: IP tunnels lead by IP address, and red/db has encapsulation ip-tunnel`,
    ],
  ),
  [
    'a port of an IP tunnel without an address',
    { networks: `db: { encapsulation: ip-tunnel, ports: { ▶a: { ${MAC} } } }` },
    'not-routable',
    'a has no IP address, give it ips: IP tunnels lead by IP address, and red/db has encapsulation ip-tunnel',
  ],
  [
    '33 bits, gre',
    { networks: 'db: { encapsulation: gre, key: ▶4294967296 }' },
    'key-too-wide',
    'tunnel key 4294967296 is wider than the 32 bits of gre: choose at most 4294967295',
  ],
  [
    'unknown host',
    { ports: `{ a: { ${MAC}, hosts: [hv1, ▶hv3] } }` },
    'unknown-host',
    'unknown host hv3: hosts has hv1, hv2',
  ],
  [
    'host twice',
    { ports: `{ a: { ${MAC}, hosts: [hv1, ▶hv1] } }` },
    'duplicate-host',
    'host hv1 is named twice: remove one (first on line 8)',
  ],
  [
    'no host allowed',
    { ports: `{ a: { ${MAC}, hosts: ▶[] } }` },
    'no-hosts',
    'a may run on no host: name some, or leave hosts out for any',
  ],
  [
    'VTEP twice',
    { hosts: '{ hv1: { ovsdb: "unix:/1", vtep: 10.0.0.1 }, hv2: { ovsdb: "unix:/2", vtep: ▶10.0.0.1 } }' },
    'duplicate-vtep',
    '10.0.0.1 is the VTEP of hv1 already: give hv2 its own (first on line 2)',
  ],
  [
    'OVSDB twice',
    { hosts: '{ hv1: { ovsdb: "unix:/1", vtep: 10.0.0.1 }, hv2: { ovsdb: ▶"unix:/1", vtep: 10.0.0.2 } }' },
    'duplicate-ovsdb',
    'unix:/1 is the OVSDB of hv1 already: give hv2 its own (first on line 2)',
  ],
  [
    'MTU, geneve',
    { underlay: '{ mtu: ▶1329 }' },
    'mtu-too-small',
    'MTU 1329 less the 50 octets of geneve leaves VMs 1279: an underlay of at least 1330 is needed for 1280',
  ],
  [
    'MTU, gre',
    { underlay: '{ encapsulation: gre, mtu: ▶1321 }' },
    'mtu-too-small',
    'MTU 1321 less the 42 octets of gre leaves VMs 1279: an underlay of at least 1322 is needed for 1280',
  ],
  [
    'MTU, vxlan of a network',
    { underlay: '{ encapsulation: gre, mtu: ▶1325 }', networks: 'db: { encapsulation: vxlan }' },
    'mtu-too-small',
    'MTU 1325 less the 50 octets of vxlan leaves VMs 1275: an underlay of at least 1330 is needed for 1280',
  ],
  [
    'families of VTEPs',
    { hosts: '{ hv1: { ovsdb: "unix:/1", vtep: "fd00::1" }, hv2: { ovsdb: "unix:/2", vtep: ▶10.0.0.2 } }' },
    'mixed-vteps',
    'the VTEP of hv1 is ipv6 and this one is not: a tunnel has one family at both ends (first on line 2)',
  ],
  [
    'MTU over IPv6',
    { underlay: '{ mtu: ▶1349 }', hosts: '{ hv1: { ovsdb: "unix:/1", vtep: "fd00::1" } }' },
    'mtu-too-small',
    'MTU 1349 less the 70 octets of geneve leaves VMs 1279: an underlay of at least 1350 is needed for 1280',
  ],
  [
    '25 bits, nvgre',
    { networks: 'db: { encapsulation: nvgre, key: ▶16777216 }' },
    'key-too-wide',
    'tunnel key 16777216 is wider than the 24 bits of nvgre: choose at most 16777215',
  ],
  [
    'a VSID on a GRE key',
    {
      web: 'encapsulation: gre',
      ports: '{}',
      networks: 'db: { encapsulation: gre, key: 1535 }',
      tenants: 'blue: { networks: { a: { encapsulation: nvgre, key: ▶5 } } }',
    },
    'duplicate-tunnel-key',
    'tunnel key 5 is the same as theirs on the wire (VSID v takes the GRE keys v<<8 to v<<8|255) by network red/db: choose another, or leave it out (first on line 9)',
  ],
  [
    'a GRE key on a VSID',
    {
      networks: 'db: { encapsulation: nvgre, key: 16777215 }',
      tenants: 'blue: { networks: { a: { encapsulation: gre, key: ▶4294967040 } } }',
    },
    'duplicate-tunnel-key',
    'tunnel key 4294967040 is the same as theirs on the wire (VSID v takes the GRE keys v<<8 to v<<8|255) by network red/db: choose another, or leave it out (first on line 9)',
  ],
];

/** Where the mark is, and the text without it. Without a mark: the key of the last part named `ports:`. */
function marked(file: Parts | string): { text: string; line: number; column: number } {
  const raw = typeof file === 'string' ? file : fileOf(file);
  const at = raw.includes('▶') ? raw.indexOf('▶') : raw.lastIndexOf('ports:');
  const before = raw.slice(0, at).split('\n');
  return { text: raw.replace('▶', ''), line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

function rows(title: string, table: readonly Row[]): void {
  describe(title, () => {
    for (const [what, file, code, message] of table) {
      it(`${code}: ${what}`, () => {
        const { text, line, column } = marked(file);
        const { problems, draft } = parseTopology(text, 'net.yaml');
        expect(problems).to.deep.equal([{ file: 'net.yaml', line, column, code, message }]);
        expect(draft).to.equal(undefined);
      });
    }
  });
}

describe('topology problems', () => {
  rows('of YAML', YAML_ROWS);
  rows('of shape', SHAPE_ROWS);
  rows('of one value', VALUE_ROWS);
  rows('of an OVSDB address', OVSDB_ROWS);
  rows('of tunnel options', TUNNEL_ROWS);
  rows("of a port's further keys", PORT_ROWS);
  rows('of services', SERVICE_ROWS);
  rows('of values together', TOGETHER_ROWS);

  it('reports a syntax error with its place, and nothing that follows from it', () => {
    const { problems, draft } = parseTopology('hosts:\n  hv1: { ovsdb: "unix:/1"\ntenants: {}\n', 'x');
    expect(problems.map((p) => p.code))
      .to.include('yaml')
      .and.not.include('missing-key');
    expect(problems[0]).to.include({ file: 'x', line: 3, column: 1 });
    expect(draft).to.equal(undefined);
  });

  it('reports nesting beyond every stack, and aliases that multiply', () => {
    const mistakes = (text: string) => parseTopology(text, 'x').problems.map(brief);
    const deep = 'yaml: YAML: nested too deeply';
    expect(mistakes('['.repeat(100_000))).to.deep.equal([`1:65 ${deep}`]);
    expect(mistakes('a:\n  '.concat('- '.repeat(100_000)))).to.have.length(1);
    expect(mistakes('? '.repeat(100_000))).to.have.length(1);
    const lists = Array.from({ length: 12 }, (_, i) => `&a${i + 1} [${`*a${i}, `.repeat(10)}]`);
    expect(mistakes(`a: [&a0 [x], ${lists.join(', ')}]`).join()).to.match(/^1:\d+ yaml: YAML: too many aliases$/);
  });

  it('reports all mistakes of a file at once, in its order', () => {
    const text = fileOf({
      underlay: '{ tunels: mesh }',
      hosts: '{ hv1: { ovsdb: "x", vtep: 10.0.0.300 } }',
      web: 'key: 0',
      ports: '{ a: { ips: [1] }, b: { mac: "1", hosts: [hv9] } }',
      tenants: 'blue: { networks: { a: { key: 7 }, b: { key: 7 } } }',
    });
    expect(parseTopology(text, 'x').problems.map(({ line, code }) => `${line} ${code}`)).to.deep.equal([
      '1 unknown-key',
      '2 bad-ovsdb',
      '2 bad-ip',
      '7 key-zero',
      '8 missing-key',
      '8 bad-ip',
      '8 bad-mac',
      '8 unknown-host',
      '9 duplicate-tunnel-key',
    ]);
  });
});

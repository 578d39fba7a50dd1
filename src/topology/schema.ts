/**
 * The shape of a topology file: which keys there are, which must be given, and what one value may be on its own. What
 * values mean together is in checks.ts. A key added here is a key of the file; nothing else lists them.
 */
import { z } from 'zod';
import { allowedFault, ipFault, macFault, ovsdbFault, subnetFault } from './address.js';
import type { Encapsulation } from './model.js';
import type { Fault, Path } from './source.js';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** What is wrong with a tenant's, network's, port's or host's name. */
export function nameFault(name: string): string | undefined {
  return NAME.test(name) ? undefined : 'a name has 1 to 63 of A-Z a-z 0-9 . _ - and starts with a letter or digit';
}

function ifaceIdFault(text: string): string | undefined {
  return /^[!-~]{1,255}$/.test(text) ? undefined : 'write 1 to 255 printable characters without spaces';
}

interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** One value, judged as a whole; `judge` says why not. Absent values are judged as `undefined` unless optional. */
function one<T>(judge: (value: unknown) => Refusal | undefined) {
  return z
    .custom<T>(() => true)
    .superRefine((value, context) => {
      const refusal = judge(value);
      if (refusal) context.addIssue({ code: 'custom', message: refusal.message, params: { code: refusal.code } });
    });
}

function text(what: string, code: string, fault: (text: string) => string | undefined) {
  return one<string>((value) => {
    if (value === undefined) return { code: 'missing-key', message: '' };
    const message = typeof value === 'string' ? fault(value) : 'write it as text, in quotes';
    return message === undefined ? undefined : { code, message: `${show(value)} is no ${what}: ${message}` };
  });
}

function choice<T extends string>(what: string, code: string, choices: readonly T[]) {
  return one<T>((value) => {
    if ((choices as readonly unknown[]).includes(value)) return undefined;
    return { code, message: `${show(value)} is no ${what}: choose ${choices.join(', ')}` };
  });
}

const key = one<number>((value) => {
  if (value === 0) return { code: 'key-zero', message: "key 0 is no network's: choose 1 or more, or leave it out" };
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return undefined;
  return { code: 'bad-key', message: `${show(value)} is no tunnel key: write a whole number from 1, or leave it out` };
});

const mtu = one<number>((value) => {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 68 && value <= 65535) return undefined;
  return { code: 'bad-mtu', message: `${show(value)} is no MTU: write a whole number of octets, commonly 1500` };
});

function flag(what: string, code: string) {
  return one<boolean>((value) => {
    if (typeof value === 'boolean') return undefined;
    return { code, message: `${show(value)} does not say whether ${what}: write true or false` };
  });
}

/** A number of a header's field, or `inherit`: that of the packet inside. */
function outer(what: string, code: string, least: number) {
  return one<number | 'inherit'>((value) => {
    if (value === 'inherit') return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= 255) return undefined;
    return { code, message: `${show(value)} is no ${what}: write ${least} to 255, or inherit` };
  });
}

const encapsulation = choice<Encapsulation>('encapsulation', 'bad-encapsulation', [
  'geneve',
  'vxlan',
  'gre',
  'nvgre',
  'vlan',
  'ip-tunnel',
]);

/** A whole number of something, from 1. */
function amount(what: string, code: string, most: number) {
  return one<number>((value) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most) return undefined;
    return { code, message: `${show(value)} is no ${what}: write a whole number from 1 to ${most}` };
  });
}

const dscp = one<number>((value) => {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 63) return undefined;
  return { code: 'bad-dscp', message: `${show(value)} is no DSCP: write 0 to 63` };
});

/** Rates of meters have 32 bits (OpenFlow 1.5.1 clause 7.3.4.5); Open vSwitch reckons in thousandths of them. */
const MOST_KBIT = 4_000_000_000;
const MOST_PACKETS = 1_000_000;

const qos = z.strictObject({
  rate: amount('rate in kbit/s', 'bad-rate', MOST_KBIT).optional(),
  burst: amount('burst in kbit', 'bad-burst', MOST_KBIT).optional(),
  dscp: dscp.optional(),
});

const port = z.strictObject({
  mac: text('MAC address', 'bad-mac', macFault),
  ips: z.array(text('IP address', 'bad-ip', ipFault)).optional(),
  'iface-id': text('iface-id', 'bad-iface-id', ifaceIdFault).optional(),
  hosts: z.array(text('host name', 'bad-name', nameFault)).optional(),
  allowed: z.array(text('address or prefix', 'bad-allowed', allowedFault)).optional(),
  'ip-checks': flag('its IP addresses are checked', 'bad-ip-checks').optional(),
  unknown: flag('it receives what is for unknown MAC addresses', 'bad-unknown').optional(),
  'broadcast-rate': amount('number of packets a second', 'bad-broadcast-rate', MOST_PACKETS).optional(),
  qos: qos.optional(),
});

/** A guest keeps its address that long without the controller; 2^32 - 1 is for ever (RFC 2131, 3.3). */
const MOST_LEASE = 2 ** 32 - 1;

const route = z.strictObject({
  to: text('subnet', 'bad-cidr', subnetFault),
  via: text('IP address', 'bad-ip', ipFault),
});

const dhcp = z.strictObject({
  dns: z.array(text('IP address', 'bad-ip', ipFault)).optional(),
  routes: z.array(route).optional(),
  gateway: text('IP address', 'bad-ip', ipFault).optional(),
  lease: amount('lease in seconds', 'bad-lease', MOST_LEASE).optional(),
});

/** VLAN id 4095 is reserved (IEEE 802.1Q, table 9-2). */
const MOST_VLAN = 4094;

const vlanHalf = z.strictObject({
  id: amount('VLAN id', 'bad-vlan', MOST_VLAN),
  hosts: z.array(text('host name', 'bad-name', nameFault)),
  gateways: z.array(text('host name', 'bad-name', nameFault)),
});

const network = z.strictObject({
  key: key.optional(),
  encapsulation: encapsulation.optional(),
  vlan: vlanHalf.optional(),
  zone: text('zone', 'bad-zone', nameFault).optional(),
  subnets: z.array(text('subnet', 'bad-cidr', subnetFault)).optional(),
  dhcp: dhcp.optional(),
  ra: choice('kind of router advertisements', 'bad-ra', ['slaac', 'managed', 'off']).optional(),
  ports: z.record(z.string(), port).optional(),
});

/** The keys of a network. */
export const NETWORK_KEYS: readonly string[] = Object.keys(network.shape);

const tenant = z.strictObject({ networks: z.record(z.string(), network).optional() });

/** As Linux has them: IFNAMSIZ with the final zero is 16. */
const trunkFault = (name: string): string | undefined =>
  /^[A-Za-z0-9_.-]{1,15}$/.test(name) && name !== 'br-int' ? undefined : 'write the name that `ip link` shows';

const host = z.strictObject({
  ovsdb: text('OVSDB address', 'bad-ovsdb', ovsdbFault),
  vtep: text('IP address', 'bad-ip', ipFault),
  trunk: text('name of an interface', 'bad-trunk', trunkFault).optional(),
  zone: text('zone', 'bad-zone', nameFault).optional(),
});

const underlay = z.strictObject({
  encapsulation: encapsulation.optional(),
  tunnels: choice('kind of tunnels', 'bad-tunnels', ['mesh', 'flow']).optional(),
  mtu: mtu.optional(),
  // what the lab builds between the hosts; the controller does not care
  fabric: choice('fabric', 'bad-fabric', ['switched', 'routed', 'leaf-spine', 'leaf-pair']).optional(),
  csum: flag('tunnel packets have a checksum', 'bad-csum').optional(),
  tos: outer('TOS of tunnel packets', 'bad-tos', 0).optional(),
  ttl: outer('TTL of tunnel packets', 'bad-ttl', 1).optional(),
  df: flag('tunnel packets must not be fragmented', 'bad-df').optional(),
});

const FILE = z.strictObject({
  underlay: underlay.optional(),
  hosts: z.record(z.string(), host),
  tenants: z.record(z.string(), tenant),
});

export type File = z.infer<typeof FILE>;

/** The keys of the mapping at `path`, for a suggestion. */
function keysAt(path: Path): readonly string[] {
  if (path[0] === 'underlay') return Object.keys(underlay.shape);
  if (path[0] === 'hosts') return Object.keys(host.shape);
  if (path[4] === 'vlan') return Object.keys(vlanHalf.shape);
  if (path[4] === 'dhcp') return Object.keys((path.length === 5 ? dhcp : route).shape);
  const byDepth: Record<number, { readonly shape: object }> = { 0: FILE, 2: tenant, 4: network, 6: port, 7: qos };
  return Object.keys(byDepth[path.length]?.shape ?? {});
}

/** Every value of the file that is wrong on its own. */
export function shapeFaults(file: unknown): Fault[] {
  const result = FILE.safeParse(file);
  return result.success ? [] : result.error.issues.flatMap((issue) => faultsOf(file, issue));
}

function faultsOf(file: unknown, issue: z.core.$ZodIssue): Fault[] {
  const path = issue.path as Path;
  if (issue.code === 'unrecognized_keys') return issue.keys.map((name) => unknownKey(path, name));
  if (valueAt(file, path) === undefined) return [missingKey(path)];
  if (issue.code === 'custom') {
    return [{ path, at: 'value', code: String(issue.params?.code), message: issue.message }];
  }
  const list = issue.code === 'invalid_type' && issue.expected === 'array';
  const form = list ? `a list: ${name(path)}: [ … ]` : `a mapping: ${name(path)}: { … }`;
  const message = `${name(path)} is ${show(valueAt(file, path))} here and must be ${form}`;
  return [{ path, at: path.length === 0 ? 'value' : 'key', code: 'wrong-type', message }];
}

function missingKey(path: Path): Fault {
  const owner = path.slice(0, -1);
  const message = `${name(owner)} has no ${String(path.at(-1))}: add it`;
  return { path: owner, at: 'key', code: 'missing-key', message };
}

function unknownKey(path: Path, key: string): Fault {
  const known = keysAt(path);
  const far = (candidate: string) => distance(candidate, key.toLowerCase());
  // Of a key of two letters nothing may be left.
  const near = known.find((candidate) => far(candidate) <= 2 && far(candidate) < key.length);
  const advice = near === undefined ? `${name(path)} takes ${known.join(', ')}` : `did you mean ${near}?`;
  return { path: [...path, key], at: 'key', code: 'unknown-key', message: `unknown key ${show(key)}: ${advice}` };
}

function name(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return 'the file';
  return typeof last === 'number' ? `${String(path.at(-2))}[${last}]` : last;
}

/** A value in a message, short. */
function show(value: unknown): string {
  if (value === null) return 'empty';
  if (typeof value === 'object') return Array.isArray(value) ? 'a list' : 'a mapping';
  const written = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return written.length > 60 ? `${written.slice(0, 59)}…` : written;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, step) => (at as Record<string | number, unknown> | null)?.[step], value);
}

/** Levenshtein's distance: letters to insert, remove or replace. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + same));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

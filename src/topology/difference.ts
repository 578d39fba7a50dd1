/** What two topologies differ in, object by object, in words: what a person who edited the file expects to read. */
import { isDeepStrictEqual } from 'node:util';
import type { Host, Network, Port, Topology } from './model.js';

export interface ObjectChange {
  readonly kind: 'underlay' | 'host' | 'network' | 'port';
  /** Name of the host, path of the network or port; empty for the underlay. */
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** What of it changed, one clause each; empty unless it is `changed`. */
  readonly details: readonly string[];
}

type Kind = ObjectChange['kind'];
type Values = Readonly<Record<string, unknown>>;

/** Members that are objects of their own, or follow from others. */
const APART: ReadonlySet<string> = new Set(['path', 'name', 'tenant', 'ports', 'former']);

const said = (value: unknown): string =>
  value === undefined ? 'none' : typeof value === 'string' ? value : JSON.stringify(value);

/** `mac 02:… → 02:…`, for each member that differs, in the order of the alphabet. */
function detailsOf(before: object, after: object): readonly string[] {
  const [a, b] = [before as Values, after as Values];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((member) => !APART.has(member) && !isDeepStrictEqual(a[member], b[member]))
    .sort()
    .map((member) => `${member} ${said(a[member])} → ${said(b[member])}`);
}

/** The changes of one kind of object, by name. */
function changesOf<T extends object>(
  kind: Kind,
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
): readonly ObjectChange[] {
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((name): readonly ObjectChange[] => {
    const [a, b] = [before.get(name), after.get(name)];
    if (a === undefined) return [{ kind, name, change: 'added', details: [] }];
    if (b === undefined) return [{ kind, name, change: 'removed', details: [] }];
    const details = detailsOf(a, b);
    return details.length === 0 ? [] : [{ kind, name, change: 'changed', details }];
  });
}

const hostsOf = ({ hosts }: Topology): ReadonlyMap<string, Host> => new Map(hosts.map((host) => [host.name, host]));
const networksOf = ({ networks }: Topology): ReadonlyMap<string, Network> =>
  new Map(networks.map((network) => [network.path, network]));
const portsOf = ({ networks }: Topology): ReadonlyMap<string, Port> =>
  new Map(networks.flatMap((network) => network.ports.map((port) => [port.path, port] as const)));

/** Every object that is new, gone or otherwise: the underlay, hosts, networks, ports. */
export function topologyChanges(before: Topology, after: Topology): readonly ObjectChange[] {
  return [
    ...changesOf('underlay', new Map([['', before.underlay]]), new Map([['', after.underlay]])),
    ...changesOf('host', hostsOf(before), hostsOf(after)),
    ...changesOf('network', networksOf(before), networksOf(after)),
    ...changesOf('port', portsOf(before), portsOf(after)),
  ];
}

/** One change as a line: `port red/web/red-vm1 changed: mac …`. */
export function changeText({ kind, name, change, details }: ObjectChange): string {
  const what = name === '' ? kind : `${kind} ${name}`;
  return details.length === 0 ? `${what} ${change}` : `${what} ${change}: ${details.join(', ')}`;
}

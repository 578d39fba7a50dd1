/**
 * The goals of the proof, asked at every place where a packet leaves: given whose packet it is and what is known of it
 * there, may it leave by this port? One function for all: the linear pass asks it with what it knows, the exact pass and
 * the check of a found packet with everything known.
 */
import { OFPP } from 'ts-openflow';
import { type HostDump, isTunnel } from './model.js';
import type { Spec } from './spec.js';
import { kindOf, TAG, type TunnelEnd, trunkEnd, tunnelEnd, wireOwner } from './tunnel.js';
import type { AddressWords } from './underlay.js';
import { wordOf } from './words.js';

/** Whose packet it is. `tunnel`: came from a host that may send with a key of that owner; `nobody`: must reach nothing. */
export interface Source {
  readonly kind: 'vm' | 'tunnel' | 'nobody';
  readonly owner?: string;
  /** At a gateway of its network: from which half it came; it may go on to the other one. */
  readonly half?: 'vlan' | 'tunnels';
}

export interface Finding {
  /** `leak`: against a goal; `unproven`: it cannot be told. */
  readonly severity: 'leak' | 'unproven';
  readonly goal: 'G1' | 'G2' | 'G3' | 'G4' | 'G5' | 'G6';
  readonly reason: string;
  /** Where the packet goes. */
  readonly to: string;
}

/** One host, ready to be asked. */
export interface HostView {
  readonly dump: HostDump;
  readonly spec: Spec;
  readonly owners: ReadonlyMap<number, string>;
  readonly ends: ReadonlyMap<number, TunnelEnd>;
  /** Told of every key that an owner's packets leave with, where keys are not known beforehand. */
  readonly heard?: (type: string, key: number, mask: number, owner: string) => void;
}

export function hostView(dump: HostDump, spec: Spec): HostView {
  const ends = new Map<number, TunnelEnd>();
  for (const port of dump.ports.values()) {
    if (isTunnel(port)) ends.set(port.ofport, tunnelEnd(port, spec));
    else if (port.ifaceId === undefined && port.name === spec.trunks.get(dump.host))
      ends.set(port.ofport, trunkEnd(port, dump.host, spec));
  }
  return { dump, spec, owners: spec.owners.get(dump.host) ?? new Map(), ends };
}

const TCI = wordOf('vlan_tci');
const TUN_ID = wordOf('tun_id');
const TUN_DST = wordOf('tun_dst');
const TUN6_DST = wordOf('tun_ipv6_dst');

const RESERVED: ReadonlyMap<number, string> = new Map([
  [OFPP.LOCAL, 'LOCAL, the host itself'],
  [OFPP.NORMAL, 'NORMAL, a learning switch'],
  [OFPP.FLOOD, 'FLOOD, every port'],
  [OFPP.ALL, 'ALL, every port'],
  [OFPP.TABLE, 'TABLE'],
  [OFPP.IN_PORT, 'the port it came in by, which is not known here'],
]);

/** What people call a port of this host. */
export const portName = ({ dump, spec }: HostView, ofport: number): string =>
  spec.names.get(dump.host)?.get(ofport) ?? dump.ports.get(ofport)?.name ?? `port ${ofport}`;

/** The goal that says something about packets of this source leaving by a VM's port. */
const goalOf = (source: Source): Finding['goal'] =>
  source.kind === 'vm' ? 'G2' : source.kind === 'tunnel' ? 'G3' : 'G4';

const said = (source: Source): string =>
  source.kind === 'nobody' ? 'a packet that is nobody’s' : `a packet of ${source.owner}`;

/** May it leave by that port? Undefined: yes. `values` under `known` are the words that are known of it. */
export function judge(
  view: HostView,
  source: Source,
  port: number,
  values: Int32Array,
  known: Int32Array,
): Finding | undefined {
  const ofport = port >>> 0;
  if (ofport === OFPP.CONTROLLER)
    return view.spec.kind === 'kakuri'
      ? undefined
      : unproven('it goes to a controller, which may do anything', 'the controller');
  const reserved = RESERVED.get(ofport);
  if (reserved !== undefined && view.spec.kind === 'foreign')
    return unproven(`it goes to ${reserved}: what happens there is not in the flows`, reserved);
  if (reserved !== undefined)
    return { severity: 'leak', goal: 'G6', reason: `${said(source)} goes to ${reserved}`, to: reserved };
  const there = view.dump.ports.get(ofport);
  if (there === undefined) return undefined;
  const end = view.ends.get(ofport);
  if (end !== undefined) return judgeTunnel(view, source, end, values, known);
  return judgePort(view, source, ofport, there.type);
}

const unproven = (reason: string, to: string): Finding => ({ severity: 'unproven', goal: 'G6', reason, to });

function judgePort(view: HostView, source: Source, ofport: number, type: string): Finding | undefined {
  const owner = view.owners.get(ofport);
  const to = portName(view, ofport);
  if (owner !== undefined && owner === source.owner) return undefined;
  if (view.spec.kind === 'foreign' && (owner === undefined || source.kind === 'nobody')) {
    if (owner === undefined && source.kind === 'nobody') return undefined;
    return unproven(`${said(source)} goes to ${to}, and one of the two has no tenant in the file`, to);
  }
  if (type === 'patch')
    return { severity: 'leak', goal: 'G6', reason: `${said(source)} goes to another bridge by patch port ${to}`, to };
  const whose = owner === undefined ? 'nobody’s' : `${owner}’s`;
  return { severity: 'leak', goal: goalOf(source), reason: `${said(source)} reaches ${to}, which is ${whose}`, to };
}

const hex = (n: number): string => `0x${(n >>> 0).toString(16)}`;

function judgeTunnel(
  view: HostView,
  source: Source,
  end: TunnelEnd,
  values: Int32Array,
  known: Int32Array,
): Finding | undefined {
  const to = `${end.trunk ? 'trunk' : 'tunnel'} ${end.port.name}`;
  if (source.kind !== 'vm' && source.half !== (end.trunk ? 'tunnels' : 'vlan')) {
    const goal = source.kind === 'tunnel' ? 'G3' : 'G4';
    if (view.spec.kind === 'foreign') return unproven(`${said(source)} goes out by ${to}`, to);
    return {
      severity: 'leak',
      goal,
      reason: `${said(source)} that came by a tunnel or from nobody goes out by ${to}`,
      to,
    };
  }
  if (end.trunk) return judgeTag(source, end, values[TCI] as number, known[TCI] as number);
  const key = (end.outKey ?? (values[TUN_ID] as number)) & end.keyMask;
  const sure = end.outKey === undefined ? (known[TUN_ID] as number) & end.keyMask : end.keyMask;
  if (sure === end.keyMask && source.owner !== undefined)
    view.heard?.(kindOf(end.port), key, end.keyMask, source.owner);
  const owner = wireOwner(end, key, sure);
  const leak = (reason: string): Finding => ({ severity: 'leak', goal: 'G1', reason, to });
  if (owner !== source.owner) {
    if (sure !== end.keyMask) return leak(`${said(source)} leaves by ${to} with a key that is not sure to be its own`);
    return leak(
      `${said(source)} leaves by ${to} with key ${hex(key)}, which is ${owner === undefined ? 'nobody’s' : `${owner}’s`}`,
    );
  }
  const remote = end.remote ?? destination(values, known);
  const host = remote === undefined ? undefined : view.spec.vteps.host(remote);
  if (view.spec.kind === 'foreign' || (host !== undefined && view.spec.members.get(owner as string)?.has(host)))
    return undefined;
  return leak(
    host === undefined
      ? `${said(source)} leaves by ${to} towards an address that is no host`
      : `${said(source)} leaves by ${to} towards host ${host}, which has no port of ${owner}`,
  );
}

/** A frame that leaves by a trunk has the tag of its own network. */
function judgeTag(source: Source, end: TunnelEnd, tci: number, known: number): Finding | undefined {
  const to = `trunk ${end.port.name}`;
  const leak = (reason: string): Finding => ({ severity: 'leak', goal: 'G1', reason: `${said(source)} ${reason}`, to });
  if ((known & TAG.both) !== TAG.both) return leak(`leaves by ${to} with a tag that is not sure to be its own`);
  if ((tci & TAG.present) === 0) return leak(`leaves by ${to} without a tag`);
  const owner = wireOwner(end, tci & TAG.id, TAG.id);
  if (owner === source.owner) return undefined;
  const whose = owner === undefined ? 'nobody’s' : `${owner}’s`;
  return leak(`leaves by ${to} with VLAN id ${tci & TAG.id}, which is ${whose}`);
}

/** May frames of that owner come by the trunk of `host`? They do where another host has a port of it. */
export const mayComeTagged = (spec: Spec, owner: string, host: string): boolean =>
  [...(spec.members.get(owner) ?? [])].some((other) => other !== host);

/** Whose a frame is that comes by a trunk with this tag; undefined: it cannot be told. */
export function tagSource(view: HostView, end: TunnelEnd, tci: number, known: number): Source | undefined {
  if ((known & TAG.present) !== 0 && (tci & TAG.present) === 0) return { kind: 'nobody' };
  if ((known & TAG.both) !== TAG.both) return undefined;
  const owner = wireOwner(end, tci & TAG.id, TAG.id);
  return owner !== undefined && mayComeTagged(view.spec, owner, view.dump.host)
    ? cameFrom(view, owner, 'vlan')
    : { kind: 'nobody' };
}

/** A packet of that owner from another host; a gateway may carry it to the other half of its network. */
export const cameFrom = ({ spec, dump }: HostView, owner: string, half: 'vlan' | 'tunnels'): Source =>
  spec.gateways.get(owner)?.has(dump.host) === true ? { kind: 'tunnel', owner, half } : { kind: 'tunnel', owner };

/** Where a flow-based tunnel sends it, if that is known. */
function destination(values: Int32Array, known: Int32Array): AddressWords | undefined {
  if (known[TUN_DST] === -1 && values[TUN_DST] !== 0) return [values[TUN_DST] as number];
  const six = [0, 1, 2, 3].map((i) => TUN6_DST + i);
  return six.every((w) => known[w] === -1) ? six.map((w) => values[w] as number) : undefined;
}

/** May that host send with a key of that owner? Other controllers let every host of theirs send with every key. */
export const mayUse = (spec: Spec, owner: string, host: string): boolean =>
  spec.kind === 'foreign' || spec.members.get(owner)?.has(host) === true;

/** Whose a packet is that comes by a tunnel, with this key from this address. */
export function tunnelSource(view: HostView, end: TunnelEnd, key: number, known: number, from: AddressWords): Source {
  const owner = wireOwner(end, key, known);
  const host = view.spec.vteps.host(from);
  const legitimate = owner !== undefined && host !== undefined && mayUse(view.spec, owner, host);
  return legitimate ? cameFrom(view, owner, 'tunnels') : { kind: 'nobody' };
}

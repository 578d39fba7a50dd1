/**
 * The judge of the judge: one packet over flows as ts-openflow has them, with nothing of src/verify in it. A packet is a
 * record from field name to value. Slow and plain on purpose; an action that it does not know is an error, not a guess.
 */
import { type Action, FIELDS, type FieldName, type Instruction, type Match, OFPP } from 'ts-openflow';
import type { Topology } from '../../src/topology/index.js';
import { wireKey } from '../../src/topology/index.js';
import type { DumpPort } from '../../src/verify/index.js';

export interface OracleFlow {
  readonly table_id: number;
  readonly priority: number;
  readonly cookie: bigint;
  readonly match: Match;
  readonly instructions: readonly Instruction[];
}
export interface OracleGroup {
  readonly group_id: number;
  readonly buckets: readonly { readonly actions: readonly Action[] }[];
}
/** One host as values. */
export interface OracleHost {
  readonly name: string;
  readonly flows: readonly OracleFlow[];
  readonly groups: readonly OracleGroup[];
  readonly ports: readonly DumpPort[];
}

export type Packet = Readonly<Record<string, bigint>>;

interface Sent {
  readonly port: number;
  readonly packet: Packet;
}

const bitsOf = (field: string): bigint =>
  (1n << BigInt(field === 'vlan_vid' ? 13 : FIELDS[field as FieldName].bits)) - 1n;

function get(packet: Packet, field: string): bigint {
  const direct = packet[field];
  if (direct !== undefined) return direct;
  if (!field.startsWith('x')) return field === 'in_port_nxm' ? (packet.in_port ?? 0n) : 0n;
  const wide = /^xreg(\d)$/.exec(field);
  if (wide !== null) {
    const first = 2 * Number(wide[1]);
    return ((packet[`reg${first}`] ?? 0n) << 32n) | (packet[`reg${first + 1}`] ?? 0n);
  }
  return 0n;
}

function put(packet: Packet, field: string, value: bigint): Packet {
  const wide = /^xreg(\d)$/.exec(field);
  if (wide === null) return { ...packet, [field === 'in_port_nxm' ? 'in_port' : field]: value };
  const first = 2 * Number(wide[1]);
  return { ...packet, [`reg${first}`]: value >> 32n, [`reg${first + 1}`]: value & 0xffffffffn };
}

interface Want {
  readonly field: string;
  readonly value: bigint;
  readonly mask: bigint;
}

function wants(match: Match): readonly Want[] {
  return Object.entries(match).flatMap(([field, masked]) => {
    if (masked === undefined) return [];
    const { value, mask } = masked as { value: number | bigint; mask?: number | bigint };
    const m = mask === undefined ? bitsOf(field) : BigInt(mask);
    return [{ field, value: BigInt(value) & m, mask: m }];
  });
}

interface Prepared {
  readonly flow: OracleFlow;
  readonly wants: readonly Want[];
}

export class Oracle {
  readonly #tables = new Map<number, Prepared[]>();
  readonly #groups: ReadonlyMap<number, OracleGroup>;
  #sent: Sent[] = [];
  #depth = 0;

  constructor(readonly host: OracleHost) {
    const sorted = [...host.flows].sort((a, b) => b.priority - a.priority);
    for (const flow of sorted) {
      const list = this.#tables.get(flow.table_id) ?? [];
      list.push({ flow, wants: wants(flow.match) });
      this.#tables.set(flow.table_id, list);
    }
    this.#groups = new Map(host.groups.map((group) => [group.group_id, group]));
  }

  /** What leaves, for a packet that comes in. */
  run(packet: Packet): readonly Sent[] {
    this.#sent = [];
    this.#depth = 0;
    this.#table(packet, 0);
    return this.#sent;
  }

  #table(packet: Packet, table: number): Packet {
    if (++this.#depth > 4000) throw new Error('a loop');
    const found = this.#tables
      .get(table)
      ?.find((p) => p.wants.every((w) => (get(packet, w.field) & w.mask) === w.value));
    let now = packet;
    for (const instruction of found?.flow.instructions ?? []) {
      if (instruction.kind === 'apply_actions') now = this.#actions(now, instruction.actions ?? []);
      else if (instruction.kind === 'goto_table') now = this.#table(now, instruction.table_id);
      else if (instruction.kind !== 'meter') throw new Error(`the oracle knows no instruction ${instruction.kind}`);
    }
    return now;
  }

  #actions(packet: Packet, actions: readonly Action[]): Packet {
    let now = packet;
    for (const action of actions) now = this.#action(now, action);
    return now;
  }

  #action(packet: Packet, action: Action): Packet {
    switch (action.kind) {
      case 'output':
        if (BigInt(action.port) !== packet.in_port) this.#sent.push({ port: action.port, packet });
        return packet;
      case 'set_field': {
        const mask = action.mask === undefined ? bitsOf(action.field) : BigInt(action.mask);
        return put(packet, action.field, (get(packet, action.field) & ~mask) | (BigInt(action.value) & mask));
      }
      case 'move': {
        const { src, dst } = action;
        const ones = (1n << BigInt(src.bits)) - 1n;
        const bits = (get(packet, src.field) >> BigInt(src.start)) & ones;
        const cleared = get(packet, dst.field) & ~(ones << BigInt(dst.start));
        return put(packet, dst.field, cleared | (bits << BigInt(dst.start)));
      }
      case 'resubmit':
        return this.#table(packet, action.table ?? 0);
      case 'group':
        for (const bucket of this.#groups.get(action.group_id)?.buckets ?? []) this.#actions(packet, bucket.actions);
        return packet;
      case 'controller':
      case 'meter':
      case 'note':
        return packet;
      default:
        throw new Error(`the oracle knows no action ${action.kind}`);
    }
  }
}

/** Whose everything is, straight from the topology. */
export class OracleRules {
  readonly #networkOf = new Map<string, string>();
  readonly #hosts = new Map<string, Set<string>>();

  constructor(
    readonly topology: Topology,
    hosts: readonly OracleHost[],
  ) {
    for (const network of topology.networks)
      for (const port of network.ports) this.#networkOf.set(port.ifaceId, network.path);
    for (const host of hosts)
      for (const port of host.ports) {
        const network = this.#networkOf.get(port.ifaceId ?? '');
        if (network !== undefined) this.#hosts.set(network, (this.#hosts.get(network) ?? new Set()).add(host.name));
      }
  }

  network(port: DumpPort | undefined): string | undefined {
    return this.#networkOf.get(port?.ifaceId ?? '');
  }

  /** The network whose key this is on that type of tunnel. */
  byKey(type: string, key: bigint): string | undefined {
    return this.topology.networks.find((network) => {
      const { value, mask } = wireKey(network);
      const own = network.encapsulation === 'nvgre' ? 'gre' : network.encapsulation;
      return own === type && (key & BigInt(mask ?? 0xffffffff)) === BigInt(value);
    })?.path;
  }

  /** The host with this tunnel address: IPv4 as a number, IPv6 too. */
  byAddress(v4: bigint, v6: bigint): string | undefined {
    return this.topology.hosts.find(({ vtep }) => addressOf(vtep) === (v4 === 0n ? v6 : v4))?.name;
  }

  has(host: string | undefined, network: string): boolean {
    return host !== undefined && this.#hosts.get(network)?.has(host) === true;
  }

  /** Whose a packet is that comes in there; undefined: nobody's. */
  source(
    port: DumpPort | undefined,
    packet: Packet,
  ): { readonly network: string | undefined; readonly tunnel: boolean } {
    if (port === undefined || port.options.remote_ip === undefined)
      return { network: this.network(port), tunnel: false };
    const network = this.byKey(port.type, packet.tun_id ?? 0n);
    const from = this.byAddress(packet.tun_src ?? 0n, packet.tun_ipv6_src ?? 0n);
    return { network: network !== undefined && this.has(from, network) ? network : undefined, tunnel: true };
  }

  /** Why an output is a leak; undefined: it is none. */
  leak(host: OracleHost, source: { network: string | undefined; tunnel: boolean }, sent: Sent): string | undefined {
    if (sent.port === OFPP.CONTROLLER) return undefined;
    if (sent.port >= OFPP.IN_PORT && sent.port !== OFPP.LOCAL) return `output to reserved port ${sent.port}`;
    const port = host.ports.find((p) => p.ofport === sent.port);
    if (port === undefined) return undefined;
    if (port.options.remote_ip === undefined) {
      const to = this.network(port);
      return to !== undefined && to === source.network ? undefined : `${source.network} reaches ${port.name} of ${to}`;
    }
    if (source.tunnel || source.network === undefined) return `goes out by tunnel ${port.name}`;
    const width = port.type === 'gre' ? 0xffffffffn : 0xffffffn;
    if (this.byKey(port.type, get(sent.packet, 'tun_id') & width) !== source.network)
      return `wrong key on ${port.name}`;
    const remote = port.options.remote_ip;
    const [v4, v6] =
      remote === 'flow'
        ? [get(sent.packet, 'tun_dst'), get(sent.packet, 'tun_ipv6_dst')]
        : [addressOf(remote), addressOf(remote)];
    return this.has(this.byAddress(v4, v6), source.network) ? undefined : `wrong host by ${port.name}`;
  }
}

/** An address as a number. */
export function addressOf(text: string): bigint {
  if (!text.includes(':')) return text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head = '', tail = ''] = text.split('::');
  const parts = (s: string): string[] => (s === '' ? [] : s.split(':'));
  const zeros = new Array<string>(8 - parts(head).length - parts(tail).length).fill('0');
  return [...parts(head), ...zeros, ...parts(tail)].reduce((sum, part) => sum * 65536n + BigInt(`0x${part}`), 0n);
}

/**
 * Random flow tables of two tenants that try to deceive the proof: identity loaded, masked, moved, pushed and popped
 * between registers, metadata, tun_id, in_port and headers; resubmits forward, backward and under another in_port, tables
 * that only load; clones, groups as action sets, `output` to a field, tags, TTLs, `exit`; and guards that should hold.
 * As text that ovs-ofctl takes. Everything follows from the random numbers given.
 */
import type { Random } from './random.js';

export interface HostileTables {
  readonly flows: readonly string[];
  /** Type, then buckets. */
  readonly groups: Readonly<Record<number, readonly [type: string, ...buckets: string[]]>>;
}

/** Ports of the host: a flow-based tunnel, two of red, two of blue, nobody's. */
export const TUNNEL = 1;
export const RED = [10, 11] as const;
export const BLUE = [12, 13] as const;
export const STRAY = 14;
const PORTS = [TUNNEL, ...RED, ...BLUE, STRAY];
/** Keys of red and blue: what the registers say, too. */
export const KEYS = [5, 6] as const;
export const MACS = ['02:00:00:00:00:05', '02:00:00:00:00:06', '02:00:00:00:00:0b'] as const;
const REGS = ['NXM_NX_REG0', 'NXM_NX_REG1', 'NXM_NX_REG2'];
/** Table 0 classifies, 1 to 4 do anything, 5 only writes, 6 guards. */
const LOADER = 5;
const GUARD = 6;
const GROUPS = 3;

/** What a flow's match makes possible. */
interface Given {
  readonly ip: boolean;
  readonly tagged: boolean;
}

class Writer {
  constructor(readonly random: Random) {}

  range(width: number): string {
    const from = this.random.below(33 - width);
    return `[${from}..${from + width - 1}]`;
  }

  /** Values that mean something to somebody: keys, ports, their bits, and few others. */
  value(): number {
    return this.random.pick([0, 1, 2, 3, ...KEYS, 7, ...PORTS, 0x105, 0xfff8]);
  }

  /** VALUE/MASK with no bit of the value beside the mask. */
  masked(mask: number): string {
    return `${this.random.below(8) & mask}/${mask}`;
  }

  register(): string {
    return this.random.pick(REGS);
  }

  load(): string {
    const { random } = this;
    const reg = this.register();
    return random.pick([
      () => `load:${this.value()}->${reg}[]`,
      () => `load:${random.below(4)}->${reg}[${random.pick(['0..1', '1..2', '2..3'])}]`,
      () => `set_field:${this.masked(random.pick([1, 2, 4, 6, 7]))}->reg${reg.slice(-1)}`,
      () => `set_field:${this.value()}->metadata`,
      () => `set_field:${random.pick([5, 6, 0x1000005, 0x1000006])}->tun_id`,
      () => `set_field:${this.masked(3)}->tun_id`,
      () => `set_field:10.0.0.${random.between(2, 4)}->tun_dst`,
      () => `set_field:${random.pick(MACS)}->eth_dst`,
      () => `load:${random.pick([0, ...PORTS])}->NXM_OF_IN_PORT[]`,
      () => `load:${random.below(4)}->NXM_OF_IN_PORT[0..1]`,
    ])();
  }

  move(): string {
    const { random } = this;
    const [a, b] = [this.register(), this.register()];
    const width = random.pick([1, 3, 4, 8, 16]);
    return random.pick([
      () => `move:${a}[]->${b}[]`,
      () => `move:${a}[0..${width - 1}]->${b}[0..${width - 1}]`,
      () => `move:${a}${this.range(width)}->${b}${this.range(width)}`,
      () => `move:NXM_OF_ETH_DST[0..7]->${b}[0..7]`,
      () => `move:NXM_NX_TUN_ID[0..15]->${b}[0..15]`,
      () => `move:NXM_OF_IN_PORT[]->${b}[0..15]`,
      () => `move:${a}[0..15]->NXM_OF_IN_PORT[]`,
      () => `move:${a}[]->OXM_OF_METADATA[0..31]`,
      () => `move:OXM_OF_METADATA[0..31]->${b}[]`,
      () => `move:${a}[0..7]->NXM_NX_TUN_ID[0..7]`,
      () => `move:${a}[0..7]->NXM_OF_ETH_DST[0..7]`,
      () => 'move:NXM_NX_XXREG0[32..127]->NXM_NX_XXREG0[0..95]',
      () => 'move:NXM_NX_XXREG0[0..95]->NXM_NX_XXREG0[32..127]',
    ])();
  }

  stack(): string {
    const { random } = this;
    const field = (): string =>
      random.pick([`${this.register()}[]`, `${this.register()}[0..7]`, 'OXM_OF_PKT_REG0[]', 'NXM_OF_IN_PORT[]']);
    return random.chance(0.5)
      ? `push:${field()},${this.load()},pop:${field()}`
      : `${random.pick(['push', 'pop'])}:${field()}`;
  }

  resubmit(table: number): string {
    const { random } = this;
    const port = random.chance(0.25) ? String(random.pick(PORTS)) : '';
    const back = random.chance(0.1) ? random.below(GUARD + 1) : undefined;
    const next = back ?? random.pick([LOADER, GUARD, random.between(Math.min(table + 1, GUARD), GUARD)]);
    return `resubmit(${port},${next})`;
  }

  output(): string {
    const { random } = this;
    return random.pick([
      () => `output:${random.pick([...RED, ...BLUE])}`,
      () => `output:${TUNNEL}`,
      () => `set_field:${random.pick(KEYS)}->tun_id,set_field:10.0.0.${random.between(2, 3)}->tun_dst,output:${TUNNEL}`,
      () => `output:${this.register()}[0..15]`,
      () => `output:${this.register()}[]`,
      () => 'in_port',
    ])();
  }

  /** Something that is done on the way. */
  step(table: number, given: Given, depth = 0): string {
    const { random } = this;
    const roll = random.next();
    if (roll < 0.28) return this.load();
    if (roll < 0.46) return this.move();
    if (roll < 0.54) return this.stack();
    if (roll < 0.72) return this.resubmit(table);
    if (roll < 0.8 && depth < 2) return `clone(${this.steps(table, given, depth + 1)})`;
    if (roll < 0.86 && depth < 2) return `group:${random.between(1, GROUPS)}`;
    if (roll < 0.9 && given.ip) return 'dec_ttl';
    if (roll < 0.93 && !given.tagged) return `push_vlan:0x8100,set_field:${0x1000 + random.pick(KEYS)}->vlan_vid`;
    if (roll < 0.94) return 'exit';
    return random.chance(0.3) ? this.output() : this.load();
  }

  steps(table: number, given: Given, depth = 0): string {
    return Array.from({ length: this.random.between(1, 3) }, () => this.step(table, given, depth)).join(',');
  }

  /** A match, and what it makes possible. */
  match(): { readonly text: string; readonly given: Given } {
    const { random } = this;
    const parts: string[] = [];
    if (random.chance(0.35)) parts.push(`in_port=${random.pick(PORTS)}`);
    if (random.chance(0.4)) {
      const mask = random.pick(['', '/0x1', '/0x3', '/0x7', '/0xf']);
      const value = mask === '' ? this.value() : this.value() & Number(mask.slice(1));
      parts.push(`reg${random.below(3)}=${value}${mask}`);
    }
    if (random.chance(0.15)) parts.push(`metadata=${this.value()}`);
    if (random.chance(0.15)) parts.push(random.pick(['tun_id=5', 'tun_id=6', 'tun_id=1/1', 'tun_id=2/2']));
    if (random.chance(0.2))
      parts.push(random.pick([`dl_dst=${MACS[0]}`, 'dl_dst=02:00:00:00:00:04/ff:ff:ff:ff:ff:fc']));
    const vlan = random.chance(0.2) ? random.pick(['vlan_tci=0x1000/0x1000', 'vlan_tci=0x0000/0x1fff']) : '';
    if (vlan !== '') parts.push(vlan);
    const ip = random.chance(0.2);
    if (ip) parts.push(random.pick(['ip', 'ip,nw_src=10.1.0.0/31', 'ip,nw_dst=10.1.0.2']));
    else if (random.chance(0.1)) parts.push('arp');
    return { text: parts.map((part) => `,${part}`).join(''), given: { ip, tagged: vlan.startsWith('vlan_tci=0x1') } };
  }

  /** What comes in becomes somebody's: mostly right. */
  classifiers(): readonly string[] {
    const { random } = this;
    const own = (ports: readonly number[], key: number): string[] =>
      ports.map((port) => {
        const wrong = random.chance(0.03);
        const id = wrong ? random.pick(KEYS) : key;
        const more = random.chance(0.4) ? `,${this.steps(0, { ip: false, tagged: false })}` : '';
        const next = random.chance(0.5) ? `goto_table:${random.between(1, 4)}` : `resubmit(,${random.between(1, 4)})`;
        return `table=0,priority=100,in_port=${port},actions=load:${id}->NXM_NX_REG0[],load:${port}->NXM_NX_REG1[]${more},${next}`;
      });
    const tunnel = KEYS.map((key, i) => {
      const from = `tun_src=10.0.0.${i + 2}`;
      return `table=0,priority=100,in_port=${TUNNEL},tun_id=${key},${from},actions=load:${key}->NXM_NX_REG0[],goto_table:${random.between(1, 4)}`;
    });
    return [...own(RED, KEYS[0]), ...own(BLUE, KEYS[1]), ...tunnel];
  }

  flow(table: number): string {
    const { text, given } = this.match();
    const end = this.random.chance(0.5) && table < GUARD ? `,goto_table:${this.random.between(table + 1, GUARD)}` : '';
    const actions = this.random.chance(0.12) ? 'drop' : `${this.steps(table, given)}${end}`;
    return `table=${table},priority=${this.random.between(1, 9)}${text},actions=${actions}`;
  }

  /** What no other flow of a table takes goes on. */
  rest(table: number): string {
    const steps = this.random.chance(0.5) ? `${this.steps(table, { ip: false, tagged: false })},` : '';
    const next = this.random.chance(0.5) ? `goto_table:${table + 1}` : `resubmit(,${GUARD})`;
    return `table=${table},priority=0,actions=${steps}${next.replace(`_table:${LOADER}`, `_table:${GUARD}`)}`;
  }

  /** A table that writes and leads nowhere. */
  loader(): string {
    const { text } = this.match();
    const writes = [
      this.load(),
      ...(this.random.chance(0.4) ? [this.random.chance(0.6) ? this.move() : this.stack()] : []),
    ];
    return `table=${LOADER},priority=${this.random.between(1, 9)}${text},actions=${writes.join(',')}`;
  }

  /** Out only as the registers say: mostly right. */
  guards(): readonly string[] {
    const out = (ports: readonly number[], key: number): string[] =>
      ports.map((port) => {
        const is = this.random.chance(0.03) ? `reg0=${this.random.pick(KEYS)}` : `reg0=${key}`;
        const mac = this.random.chance(0.5) ? `,dl_dst=${this.random.pick(MACS)}` : '';
        return `table=${GUARD},priority=${this.random.between(10, 12)},${is}${mac},actions=output:${port}`;
      });
    const tunnel = KEYS.map(
      (key, i) =>
        `table=${GUARD},priority=13,reg0=${key},reg1=${this.random.pick(key === KEYS[0] ? RED : BLUE)},actions=set_field:${key}->tun_id,set_field:10.0.0.${i + 2}->tun_dst,output:${TUNNEL}`,
    );
    return [...out(RED, KEYS[0]), ...out(BLUE, KEYS[1]), ...(this.random.chance(0.5) ? tunnel : [])];
  }

  bucket(): string {
    const { random } = this;
    const writes = Array.from({ length: random.below(3) }, () => (random.chance(0.6) ? this.load() : this.move()));
    const ends = [this.resubmit(0), ...(random.chance(0.3) ? [random.chance(0.5) ? this.output() : this.stack()] : [])];
    const late = random.chance(0.3) ? [this.load()] : [];
    return [...writes, ...ends, ...late].join(',');
  }
}

/** `no choice`: no group that chooses one of its buckets. */
export type Kinds = 'all kinds' | 'no choice';

/** One host's tables. */
export function hostileTables(random: Random, kinds: Kinds = 'all kinds'): HostileTables {
  const writer = new Writer(random);
  const some = (from: number, to: number, make: () => string): string[] =>
    Array.from({ length: random.between(from, to) }, make);
  const groups = Object.fromEntries(
    Array.from({ length: GROUPS }, (_, i) => {
      const type = random.pick(['all', 'all', kinds === 'no choice' ? 'all' : 'select', 'indirect']);
      const buckets = some(1, type === 'indirect' ? 1 : 2, () => writer.bucket());
      return [i + 1, [type, ...buckets] as const];
    }),
  );
  const flows = [
    ...writer.classifiers(),
    ...[1, 2, 3, 4].flatMap((table) => [
      ...some(0, 3, () => writer.flow(table)),
      ...(random.chance(0.85) ? [writer.rest(table)] : []),
    ]),
    ...some(1, 3, () => writer.loader()),
    ...writer.guards(),
  ];
  return { flows, groups };
}

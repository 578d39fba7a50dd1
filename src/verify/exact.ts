/**
 * The exact pass: where the linear pass raised an alarm, the packets that may raise it are followed by first match, with
 * everything of higher priority taken away (cube.ts), as sets of packets as they came in (provenance.ts). Only flows that
 * lead to an alarm are followed. What is left at the end is a packet that does it, or nothing, and the alarm was none.
 */
import { OFPP } from 'ts-openflow';
import { throughClauses } from './conjunction.js';
import { type Cube, firstLeft, intersectAll, meets, subtractAll, type Terms } from './cube.js';
import { copyOf, type Flight, stacked, widenPort, withPort } from './flight.js';
import { type Finding, type HostView, judge, type Source } from './judge.js';
import { isClause, isPartial } from './model.js';
import { nextOp, OP, portOf16 } from './ops.js';
import { RESERVED_PORTS } from './ports.js';
import { copyBits, forgetBits, identity, mapTerms, ONE, type Provenance, setBits, UNKNOWN_BIT } from './provenance.js';
import { ones32, TRACKED, WORDS, wordOf } from './words.js';
import { collectWrites } from './writes.js';

/** What was found: packets, as they came in, for which a goal is missed. */
export interface Suspect {
  readonly cube: Cube;
  readonly finding: Finding;
}

export interface ExactOptions {
  readonly view: HostView;
  readonly source: Source;
  /** Flows that may lead to an alarm. */
  readonly follow: (flow: number) => boolean;
  /** Stop after so many suspects. */
  readonly enough: number;
  /**
   * Take away what flows of higher priority take only where packets leave, when all that they must match is known: for
   * tables in which taking away at every flow makes too many cubes.
   */
  readonly late?: true;
}

const MAX_DEPTH = 64;
/** Cubes in hand and steps, beyond which the pass gives up. */
const MOST_CUBES = 20_000;
const MOST_STEPS = 20_000;
/** Cubes split to see whether anything is left of one. */
const MOST_SPLITS = 200_000;
const TCI = wordOf('vlan_tci');
const TCI1 = wordOf('vlan_tci1');
const TTL = wordOf('nw_ttl');
const IN_PORT = wordOf('in_port');
const CONJ_ID = wordOf('conj_id');
const CT_WORDS = ['ct_state', 'ct_zone', 'ct_mark', 'ct_label'].map(wordOf);

export class ExactPass {
  readonly suspects: Suspect[] = [];
  /** Set when it became too much: then nothing is proved. */
  gaveUp = false;
  #steps = 0;
  readonly #budget = { left: MOST_SPLITS };
  /** Bits that the flows of a table, and of those after it, may write. */
  readonly #writes = new Map<number, { readonly writes: Int32Array; stack: boolean }>();

  constructor(readonly options: ExactOptions) {}

  /** Follows packets from a table on. */
  start(region: readonly Cube[], table: number): void {
    const from = identity(WORDS);
    forgetBits(from, CONJ_ID, -1);
    this.#enter({ region, taken: [], from, stack: [], depth: 0 }, table);
  }

  #full(): boolean {
    return this.gaveUp || this.suspects.length >= this.options.enough;
  }

  /** `port`: the in_port that the flow is looked up under, where it is another than the packet's. */
  #enter(flight: Flight, table: number, port: number = OFPP.IN_PORT | 0): void {
    if (flight.depth > MAX_DEPTH || this.#full()) return;
    if (++this.#steps > MOST_STEPS) {
      this.gaveUp = true;
      return;
    }
    const { flows } = this.options.view.dump;
    const list = flows.ofTable(table);
    const sought = port === (OFPP.IN_PORT | 0) ? flight : withPort(flight, port);
    list.forEach((flow, place) => {
      if (this.#full() || !this.options.follow(flow) || isClause(flows, flow)) return;
      const matching = this.#region(sought, list, place);
      if (matching === undefined) return;
      const next = { ...copyOf(flight, 0), ...matching };
      this.#run(next, flows.body, flows.codeAt(flow), flows.endAt(flow), table);
    });
  }

  /** The packets that match this flow and no flow of higher priority: cubes, and what is still to be taken from them. */
  #region(flight: Flight, list: readonly number[], place: number): Pick<Flight, 'region' | 'taken'> | undefined {
    const { flows } = this.options.view.dump;
    const { body } = flows;
    const flow = list[place] as number;
    const mapped = mapTerms(flight.from, body, flows.termsAt(flow), flows.codeAt(flow));
    const met = mapped === undefined ? [] : intersectAll(flight.region, mapped.terms);
    let region = throughClauses(flows, list, flow, met, flight.from);
    const taken: Terms[] = flight.taken.filter((terms) => meets(region, terms));
    const priority = flows.priority(flow);
    for (let i = 0; i < place && region.length > 0; i++) {
      const higher = list[i] as number;
      if (flows.priority(higher) <= priority) break;
      if (isClause(flows, higher) || isPartial(flows, higher)) continue;
      const without = mapTerms(flight.from, body, flows.termsAt(higher), flows.codeAt(higher));
      if (without === undefined || !without.exact) continue;
      if (this.options.late !== true) region = subtractAll(region, without.terms);
      else if (meets(region, without.terms)) taken.push(without.terms);
      if (region.length > MOST_CUBES) {
        this.gaveUp = true;
        return undefined;
      }
    }
    return region.length === 0 ? undefined : { region, taken };
  }

  /** A part of the cube that is left when what was put off is taken away; undefined: there is none, or it gave up. */
  #left(cube: Cube, { taken }: Flight): Cube | undefined {
    if (taken.length === 0) return cube;
    const left = firstLeft(cube, taken, this.#budget);
    if (this.#budget.left <= 0) this.gaveUp = true;
    return left;
  }

  /** False: everything ended. */
  #run(flight: Flight, code: Int32Array, at: number, to: number, table: number): boolean {
    for (let i = at; i < to; i = nextOp(code, i)) if (this.#full() || !this.#one(flight, code, i, table)) return false;
    return true;
  }

  #one(flight: Flight, code: Int32Array, at: number, table: number): boolean {
    const [a, b, c, d, e] = code.subarray(at + 1, at + 6) as unknown as [number, number, number, number, number];
    const { from } = flight;
    switch (code[at]) {
      case OP.output:
        this.#output(flight, a);
        return true;
      case OP.controller:
        this.#output(flight, OFPP.CONTROLLER | 0);
        return true;
      case OP.output_reg:
        for (const port of [...this.options.view.dump.ports.keys(), ...RESERVED_PORTS])
          this.#outputIf(flight, port & 0xffff, a, b, c);
        return true;
      case OP.goto:
        this.#enter(copyOf(flight, 0), a);
        return true;
      case OP.resubmit:
        this.#resubmit(flight, table, a === 255 ? table : a, b);
        return true;
      case OP.set:
        setBits(from, a, b, c);
        return true;
      case OP.move:
        copyBits(from, a, b, from, c * 32 + d, e);
        return true;
      case OP.group:
        for (const bucket of this.options.view.dump.groups.get(a >>> 0)?.buckets ?? []) {
          if (++this.#steps > MOST_STEPS) this.gaveUp = true;
          if (flight.depth < MAX_DEPTH) this.#run(copyOf(flight, 1), bucket, 0, bucket.length, table);
          // What it led to may have pushed and popped, and the stack is not its own.
          flight.stack = undefined;
        }
        return true;
      default:
        return this.#rare(flight, code, at, table);
    }
  }

  #rare(flight: Flight, code: Int32Array, at: number, table: number): boolean {
    const [a, b] = code.subarray(at + 1, at + 3) as unknown as [number, number];
    const { from } = flight;
    switch (code[at]) {
      case OP.clone:
      case OP.write:
        this.#run(copyOf(flight, 0), code, at + 2, at + 2 + a, table);
        return true;
      case OP.ct:
        this.#track(flight, a);
        return true;
      case OP.push_vlan:
        copyBits(from, TCI1, 0, from, TCI * 32, 32);
        setBits(from, TCI, 0x1000, -1);
        return true;
      case OP.pop_vlan:
        copyBits(from, TCI, 0, from, TCI1 * 32, 32);
        setBits(from, TCI1, 0, -1);
        return true;
      case OP.push:
      case OP.pop:
        stacked(flight, code, at);
        return true;
      case OP.port:
        widenPort(from);
        return true;
      case OP.dec_ttl:
        forgetBits(from, TTL, 0xff);
        return true;
      case OP.havoc:
        forgetBits(from, a, b);
        return true;
      case OP.exit:
        return false;
      default:
        return true;
    }
  }

  /** Its state may be anything, and so may addresses and ports, which it can translate. */
  #track(flight: Flight, table: number): void {
    if (table === 255) return;
    const next = copyOf(flight, 1);
    for (const word of CT_WORDS) forgetBits(next.from, word, -1);
    for (const part of ['ip_src', 'ip_dst', 'tcp_src', 'tcp_dst', 'udp_src', 'udp_dst'])
      forgetBits(next.from, wordOf(part), -1);
    for (const part of ['ipv6_src', 'ipv6_dst'])
      for (let i = 0; i < 4; i++) forgetBits(next.from, wordOf(part) + i, -1);
    this.#enter(next, table);
  }

  #resubmit(flight: Flight, from: number, table: number, port: number): void {
    // Open vSwitch counts levels where a table is not further on; a chain forward may be as long as it likes.
    this.#enter(copyOf(flight, table <= from ? 1 : 0), table, port);
    const { writes, stack } = this.#writesOf(table);
    if (stack) flight.stack = undefined;
    for (let word = 0; word < WORDS; word++)
      if (writes[word] !== 0) forgetBits(flight.from, word, writes[word] as number);
  }

  #writesOf(table: number): { readonly writes: Int32Array; readonly stack: boolean } {
    const found = this.#writes.get(table);
    if (found !== undefined) return found;
    const all = { writes: new Int32Array(WORDS), stack: false };
    const { flows } = this.options.view.dump;
    const seen = new Set<number>();
    const visit = (t: number): void => {
      if (seen.has(t)) return;
      seen.add(t);
      for (const flow of flows.ofTable(t))
        if (collectWrites(flows.body, flows.codeAt(flow), flows.endAt(flow), all.writes, visit)) all.stack = true;
    };
    visit(table);
    this.#writes.set(table, all);
    return all;
  }

  /** `port` in 16 bits: a field of another value is no port. */
  #outputIf(flight: Flight, port: number, word: number, shift: number, width: number): void {
    if ((port & ~ones32(width)) !== 0) return;
    const mask = ones32(width) << shift;
    const mapped = mapTerms(flight.from, Int32Array.of(word, (port << shift) & mask, mask), 0, 3);
    if (mapped === undefined) return;
    const region = intersectAll(flight.region, mapped.terms);
    if (region.length > 0) this.#output({ ...flight, region }, portOf16(port));
  }

  #output(flight: Flight, port: number): void {
    const { view, source } = this.options;
    for (const cube of flight.region) {
      const values = new Int32Array(TRACKED);
      const known = new Int32Array(TRACKED);
      knownWords(flight.from, cube, values, known);
      const inPort = values[IN_PORT] as number;
      if (known[IN_PORT] === -1 && inPort === port) continue;
      const finding = judge(
        view,
        source,
        port === (OFPP.IN_PORT | 0) && known[IN_PORT] === -1 ? inPort : port,
        values,
        known,
      );
      // What holds for the whole cube holds for what is left of it.
      const left = finding === undefined ? undefined : this.#left(cube, flight);
      if (finding !== undefined && left !== undefined) this.suspects.push({ cube: left, finding });
      if (this.#full()) return;
    }
  }
}

/** What is known of the tracked words of the packets of one cube, as they are now. */
function knownWords(from: Provenance, cube: Cube, values: Int32Array, known: Int32Array): void {
  for (let word = 0; word < TRACKED; word++)
    for (let bit = 0; bit < 32; bit++) {
      const source = from[word * 32 + bit] as number;
      if (source === UNKNOWN_BIT) continue;
      const fixed = source < 0 || (((cube[WORDS + (source >> 5)] as number) >>> (source & 31)) & 1) === 1;
      if (!fixed) continue;
      const one = source < 0 ? source === ONE : (((cube[source >> 5] as number) >>> (source & 31)) & 1) === 1;
      known[word] = (known[word] as number) | (1 << bit);
      if (one) values[word] = (values[word] as number) | (1 << bit);
    }
}

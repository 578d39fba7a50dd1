/**
 * What packets would meet if a flow were gone: the flows below it in its table that some of its packets match, and the
 * first that all the others match. Flows are grouped by what they mask, and each group is indexed by the bits that it has
 * in common with another, so that a table is not compared flow by flow with itself (tuple space search).
 *
 * Clauses of conjunctions and flows whose match is not followed whole are left out, as what a dump's text cannot decide.
 */
import { type FlowSet, isClause, isPartial } from './model.js';

/** What the packets of a flow would meet without it. */
export interface Instead {
  /** Flows above `rest` that some of the packets match, highest priority first. */
  readonly some: readonly number[];
  /** The flow that takes all the others; −1: none, the packet is dropped and no reason counted. */
  readonly rest: number;
  /** True when a flow above this one takes some of what it matches. */
  readonly shadowed: boolean;
}

/** Flows with the same words and masks. */
interface Shape {
  readonly words: readonly number[];
  readonly masks: readonly number[];
  readonly flows: number[];
}

/** A shape's flows by their bits in a common mask. */
type Projection = ReadonlyMap<string, readonly number[]>;

/** word → mask of the bits that both have. */
function commonOf(a: Shape, b: Shape): ReadonlyMap<number, number> {
  const common = new Map<number, number>();
  a.words.forEach((word, i) => {
    const at = b.words.indexOf(word);
    const mask = at < 0 ? 0 : (a.masks[i] as number) & (b.masks[at] as number);
    if (mask !== 0) common.set(word, mask);
  });
  return common;
}

/** True when every bit that the shape asks for is among these. */
const isWithin = (shape: Shape, common: ReadonlyMap<number, number>): boolean =>
  shape.words.every((word, i) => common.get(word) === shape.masks[i]);

export class Fallbacks {
  readonly #flows: FlowSet;
  readonly #tables = new Map<number, readonly Shape[]>();
  readonly #shapeOf = new Map<number, Shape>();
  readonly #projections = new Map<Shape, Map<Shape, Projection>>();

  constructor(flows: FlowSet) {
    this.#flows = flows;
  }

  /** What takes the packets of this flow when it is gone. */
  instead(flow: number): Instead {
    const shapes = this.#shapes(this.#flows.table(flow));
    const own = this.#shapeOf.get(flow);
    if (own === undefined) return { some: [], rest: -1, shadowed: false };
    const priority = this.#flows.priority(flow);
    const partly: number[] = [];
    let rest = -1;
    let shadowed = false;
    for (const shape of shapes) {
      const common = commonOf(own, shape);
      const covers = isWithin(shape, common);
      for (const other of this.#meeting(own, shape, common).get(this.#key(flow, common)) ?? []) {
        if (other === flow) continue;
        const at = this.#flows.priority(other);
        if (at > priority) shadowed = true;
        else if (!covers) partly.push(other);
        else if (rest < 0 || at > this.#flows.priority(rest)) rest = other;
      }
    }
    const floor = rest < 0 ? -1 : this.#flows.priority(rest);
    const some = partly.filter((other) => this.#flows.priority(other) >= floor);
    some.sort((a, b) => this.#flows.priority(b) - this.#flows.priority(a) || a - b);
    return { some, rest, shadowed };
  }

  #shapes(table: number): readonly Shape[] {
    let found = this.#tables.get(table);
    if (found === undefined) {
      found = this.#sort(table);
      this.#tables.set(table, found);
    }
    return found;
  }

  #sort(table: number): readonly Shape[] {
    const { body } = this.#flows;
    const shapes = new Map<string, Shape>();
    for (const flow of this.#flows.ofTable(table)) {
      if (isClause(this.#flows, flow) || isPartial(this.#flows, flow)) continue;
      const words: number[] = [];
      const masks: number[] = [];
      for (let at = this.#flows.termsAt(flow); at < this.#flows.codeAt(flow); at += 3) {
        words.push(body[at] as number);
        masks.push(body[at + 2] as number);
      }
      const key = `${words.join()}/${masks.join()}`;
      const shape = shapes.get(key) ?? { words, masks, flows: [] };
      shapes.set(key, shape);
      shape.flows.push(flow);
      this.#shapeOf.set(flow, shape);
    }
    return [...shapes.values()];
  }

  /** The flows of `shape` by the bits that it has in common with `own`. */
  #meeting(own: Shape, shape: Shape, common: ReadonlyMap<number, number>): Projection {
    const known = this.#projections.get(own) ?? new Map<Shape, Projection>();
    this.#projections.set(own, known);
    const found = known.get(shape);
    if (found !== undefined) return found;
    const projection = new Map<string, number[]>();
    for (const flow of shape.flows) {
      const key = this.#key(flow, common);
      const list = projection.get(key);
      if (list === undefined) projection.set(key, [flow]);
      else list.push(flow);
    }
    known.set(shape, projection);
    return projection;
  }

  /** A flow's bits under a mask. */
  #key(flow: number, common: ReadonlyMap<number, number>): string {
    const { body } = this.#flows;
    const bits: number[] = [];
    for (let at = this.#flows.termsAt(flow); at < this.#flows.codeAt(flow); at += 3) {
      const mask = common.get(body[at] as number);
      if (mask !== undefined) bits.push((body[at + 1] as number) & mask);
    }
    return bits.join();
  }
}

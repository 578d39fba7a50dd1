/**
 * What would stop working without a flow, in words. It follows from the table alone: the packets of the flow's match
 * (match-words.ts), what becomes of them now, and what takes them when the flow is gone (fallback.ts). So it holds for
 * flows that somebody else installed too, and cannot differ from what the switch would do.
 */
import { dropCodeOf, dropReason, isOurs, TABLES } from '../pipeline/index.js';
import { Fallbacks } from './fallback.js';
import { type MatchNames, matchWords } from './match-words.js';
import { type FlowSet, isClause, isPartial } from './model.js';
import { nextOp, OP } from './ops.js';

/** How many different ends of "some of them" are told. */
const TOLD = 2;
const FENCE = TABLES.find(({ name }) => name === 'fence')?.id;

const tableName = (id: number): string => TABLES.find((table) => table.id === id)?.name ?? String(id);

/** What becomes of a packet that meets a flow. */
interface Fate {
  readonly dropped: boolean;
  /** After "would be" where dropped, else after "would". */
  readonly words: string;
}

const UNCOUNTED: Fate = { dropped: true, words: 'dropped, with no reason counted' };

/** Where the operations lead, the first of them. */
function lead(flows: FlowSet, flow: number, names: MatchNames): string | undefined {
  const { body } = flows;
  for (let at = flows.codeAt(flow); at < flows.endAt(flow); at = nextOp(body, at)) {
    const a = body[at + 1] as number;
    switch (body[at]) {
      case OP.output:
        return `leave by ${names.port(a >>> 0)?.name ?? `port ${a >>> 0}`}`;
      case OP.output_reg:
        return 'leave by the port in a register';
      case OP.controller:
        return 'go to the controller';
      case OP.group:
        return `be copied by group ${a >>> 0}`;
      case OP.goto:
      case OP.resubmit:
        return `go on to table ${tableName(a)}`;
      default:
    }
  }
  return undefined;
}

function fateOf(flows: FlowSet, flow: number, names: MatchNames): Fate {
  if (flow < 0) return UNCOUNTED;
  const cookie = flows.cookie(flow);
  const reason = isOurs(cookie) ? dropReason(dropCodeOf(cookie)) : undefined;
  if (reason !== undefined) return { dropped: true, words: `dropped as ${reason}` };
  const where = lead(flows, flow, names);
  if (where !== undefined) return { dropped: false, words: where };
  return { dropped: true, words: isOurs(cookie) ? 'counted, no more' : 'dropped by a flow that is not Kakuri’s' };
}

const would = ({ dropped, words }: Fate): string => (dropped ? `would be ${words}` : `would ${words}`);

/** One host's flows, each with what depends on it. */
export class Explanation {
  readonly #flows: FlowSet;
  readonly #names: MatchNames;
  readonly #fallbacks: Fallbacks;

  constructor(flows: FlowSet, names: MatchNames) {
    this.#flows = flows;
    this.#names = names;
    this.#fallbacks = new Fallbacks(flows);
  }

  /** What would be otherwise without the flow; goes after "without it, ". */
  without(flow: number): string {
    const flows = this.#flows;
    if (flows.table(flow) === FENCE && isOurs(flows.cookie(flow)))
      return 'ovs-ctl restart could restore saved flows by port numbers that may be others by then';
    if (isClause(flows, flow)) return 'a conjunction lacks one of its clauses';
    if (isPartial(flows, flow)) return 'nobody can say: its match has fields that are not followed';
    const { some, rest, shadowed } = this.#fallbacks.instead(flow);
    const packets = `${shadowed ? 'other ' : ''}${matchWords(flows, flow, this.#names)}`;
    const now = fateOf(flows, flow, this.#names);
    const then = fateOf(flows, rest, this.#names);
    const others = [...new Set(some.map((other) => would(fateOf(flows, other, this.#names))))].filter(
      (text) => text !== would(then),
    );
    const more = others.length > TOLD ? ', or otherwise' : '';
    const aside = others.length === 0 ? '' : ` (some ${others.slice(0, TOLD).join(', or ')}${more})`;
    return `${packets} ${change(now, then)}${aside}`;
  }
}

/** From what is now to what would be. */
function change(now: Fate, then: Fate): string {
  if (now.dropped && then.dropped)
    return now.words === then.words ? `would be ${then.words} all the same` : `would be ${then.words} instead`;
  if (now.dropped) return `would no longer be dropped, but ${then.words}`;
  return now.words === then.words ? `would ${then.words} all the same` : would(then);
}

/**
 * The way of one packet from a VM's port across hosts: which flow it meets in each table, by which tunnel it goes on and
 * with which header, and where it ends. A broadcast has several ways; each is told.
 */
import { OFPP } from 'ts-openflow';
import { DROPS, dropCodeOf, dropReason, isOurs, TABLES } from '../pipeline/index.js';
import { arrivals } from './fabric.js';
import { type Execution, interpret, type Output } from './interpret.js';
import { type HostView, portName } from './judge.js';
import { type PathStep, type Reasons, stepsTo } from './leak-report.js';
import { packetText } from './text.js';
import { writeField } from './words.js';

/** Where a copy of the packet ends. */
export interface TraceEnd {
  readonly kind: 'delivered' | 'dropped' | 'controller' | 'elsewhere';
  readonly host: string;
  /** The port's path or name; of `dropped` the table's name. */
  readonly at: string;
  /** One sentence. */
  readonly text: string;
}

/** The packet on one host. */
export interface TraceHop {
  readonly host: string;
  /** The port it came in by. */
  readonly from: string;
  /** As it came in, in ovs-ofctl's words, the tunnel's header included. */
  readonly packet: string;
  /** OpenFlow numbers of the ports that it left by, sorted. */
  readonly outputs: readonly number[];
  /** Each way that it took here, table by table, and what became of it there. */
  readonly ways: readonly { readonly path: readonly PathStep[]; readonly fate: string }[];
}

export interface Trace {
  readonly hops: readonly TraceHop[];
  readonly ends: readonly TraceEnd[];
  /** What this does not know for certain. */
  readonly caveats: readonly string[];
}

/** A packet crosses two hosts; more would be a loop. */
const MOST_HOPS = 64;

const tableName = (id: number): string => TABLES.find((table) => table.id === id)?.name ?? String(id);

/** Follows a packet that comes into `host` by `ofport`. */
export function tracePacket(
  views: ReadonlyMap<string, HostView>,
  host: string,
  ofport: number,
  words: Int32Array,
  reasons?: Reasons,
): Trace {
  const tracing = new Tracing(views, reasons);
  const view = views.get(host);
  if (view === undefined) throw new RangeError(`no dump of host ${host}`);
  const start = words.slice();
  writeField(start, 'in_port', ofport);
  tracing.enter(view, ofport, start);
  return { hops: tracing.hops, ends: tracing.ends, caveats: [...tracing.caveats] };
}

class Tracing {
  readonly hops: TraceHop[] = [];
  readonly ends: TraceEnd[] = [];
  readonly caveats = new Set<string>();

  constructor(
    readonly views: ReadonlyMap<string, HostView>,
    readonly reasons: Reasons | undefined,
  ) {}

  enter(view: HostView, ofport: number, words: Int32Array): void {
    if (this.hops.length >= MOST_HOPS) {
      this.caveats.add(`more than ${MOST_HOPS} hosts: the rest is not followed`);
      return;
    }
    const execution = interpret(view.dump, words);
    for (const caveat of execution.caveats) this.caveats.add(caveat);
    const onward: (() => void)[] = [];
    const ways: TraceHop['ways'][number][] = execution.outputs.map((output) => ({
      path: stepsTo(view, execution, output.step, this.reasons),
      fate: this.#leave(view, output, onward),
    }));
    if (ways.length === 0) ways.push(this.#drop(view, execution));
    this.hops.push({
      host: view.dump.host,
      from: portName(view, ofport),
      packet: packetText(words),
      outputs: execution.outputs.map(({ port }) => port >>> 0).sort((a, b) => a - b),
      ways,
    });
    for (const next of onward) next();
  }

  #end(end: TraceEnd): string {
    this.ends.push(end);
    return end.text;
  }

  /** What becomes of a copy that leaves; where it goes on to another host, `onward` gets what follows it there. */
  #leave(view: HostView, output: Output, onward: (() => void)[]): string {
    const { host } = view.dump;
    const port = output.port >>> 0;
    const name = portName(view, port);
    if (port === OFPP.CONTROLLER)
      return this.#end({ kind: 'controller', host, at: 'controller', text: `handed to the controller by ${host}` });
    if (view.owners.has(port))
      return this.#end({ kind: 'delivered', host, at: name, text: `delivered to ${name} on ${host}` });
    const there = view.ends.has(port) ? arrivals(this.views, view, output) : [];
    if (there.length === 0)
      return this.#end({
        kind: 'elsewhere',
        host,
        at: name,
        text: `leaves ${host} by ${name}: what is there has no dump`,
      });
    for (const next of there) onward.push(() => this.enter(next.view, next.ofport, next.words));
    const kind = view.ends.get(port)?.trunk ? 'trunk' : 'tunnel port';
    return `by ${kind} ${name} to ${there.map((next) => next.view.dump.host).join(', ')}`;
  }

  /** The last flow that a packet met which leaves by no port, and why it ends there. */
  #drop(view: HostView, execution: Execution): TraceHop['ways'][number] {
    const { host, flows } = view.dump;
    const place = execution.steps.length - 1;
    const path = place < 0 ? [] : stepsTo(view, execution, place, this.reasons);
    const step = execution.steps[place];
    const at = tableName(step?.table ?? 0);
    const cookie = step === undefined || step.flow < 0 ? 0n : flows.cookie(step.flow);
    const reason = isOurs(cookie) ? dropReason(dropCodeOf(cookie)) : undefined;
    const because =
      execution.aborted ??
      (step === undefined || step.flow < 0
        ? 'no flow matches'
        : reason === undefined
          ? (path.at(-1)?.why ?? 'its actions send it nowhere')
          : `${DROPS[reason].means} (${reason}): ${path.at(-1)?.why}`);
    const text = `dropped by table ${at} on ${host}, because ${because}`;
    return { path, fate: this.#end({ kind: 'dropped', host, at, text }) };
  }
}

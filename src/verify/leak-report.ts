/** A leak for people and machines: the packet in octets, and its way table by table over every host. */
import { arrivals } from './fabric.js';
import type { HostLeak } from './host-proof.js';
import { type Execution, interpret, type Output, wayTo } from './interpret.js';
import { type HostView, portName } from './judge.js';
import { encodePacket } from './packet.js';
import { flowText, packetText } from './text.js';

/** One flow on the way. */
export interface PathStep {
  readonly host: string;
  readonly table: number;
  /** The flow in ovs-ofctl's words, or that none matched. */
  readonly flow: string;
  readonly cookie: string;
  readonly owner: string;
  readonly why: string;
  readonly via: string;
  /** Packets that the flow has counted, where the dump says it. */
  readonly packets?: number;
}

export interface LeakReport {
  readonly from: string;
  readonly to: string;
  /** Where a tunnel leads to in the end, if that is known. */
  readonly delivered: readonly string[];
  readonly goal: string;
  readonly reason: string;
  readonly host: string;
  /** The Ethernet frame in hex. */
  readonly packet: string;
  /** In words, with the tunnel's header where it comes by one. */
  readonly description: string;
  readonly path: readonly PathStep[];
}

/** Whose a flow is, and why it is there. */
export type Reasons = (host: string, flow: number) => { readonly owner: string; readonly why: string };

/** The counter in the line that a flow was read from. */
function packetsOf({ dump }: HostView, flow: number): { readonly packets?: number } {
  const count = /\bn_packets=(\d+)/.exec(dump.lines?.(flow) ?? '')?.[1];
  return count === undefined ? {} : { packets: Number(count) };
}

const UNKNOWN_REASON = { owner: 'unknown', why: '' };

/** The steps to a step, without the buckets' own lines. */
export function stepsTo(view: HostView, execution: Execution, last: number, reasons: Reasons | undefined): PathStep[] {
  const { flows, host } = view.dump;
  return wayTo(execution, last).map((step) => ({
    host,
    table: step.table,
    flow: step.flow < 0 ? 'no flow matches' : flowText(view.dump, step.flow),
    cookie: step.flow < 0 ? '' : `0x${flows.cookie(step.flow).toString(16)}`,
    ...(step.flow < 0 ? UNKNOWN_REASON : (reasons?.(host, step.flow) ?? UNKNOWN_REASON)),
    via: step.via,
    ...packetsOf(view, step.flow),
  }));
}

/** What becomes of the packet on the host that the tunnel leads to. */
function onward(
  views: ReadonlyMap<string, HostView>,
  view: HostView,
  output: Output,
  reasons: Reasons | undefined,
): { readonly path: readonly PathStep[]; readonly delivered: readonly string[] } {
  const [there] = arrivals(views, view, output);
  if (there === undefined) return { path: [], delivered: [] };
  const execution = interpret(there.view.dump, there.words);
  const [last] = execution.outputs;
  if (last === undefined) {
    const step = execution.steps.length - 1;
    const end: Output = { port: 0, words: there.words, step };
    return { path: step < 0 ? [] : stepsTo(there.view, execution, end.step, reasons), delivered: [] };
  }
  return {
    path: stepsTo(there.view, execution, last.step, reasons),
    delivered: execution.outputs.map((o) => `${portName(there.view, o.port)} on ${there.view.dump.host}`),
  };
}

/** One leak as it is told. */
export function reportLeak(views: ReadonlyMap<string, HostView>, leak: HostLeak, reasons?: Reasons): LeakReport {
  const view = views.get(leak.host) as HostView;
  const after = onward(views, view, leak.output, reasons);
  return {
    from: leak.from,
    to: leak.finding.to,
    delivered: after.delivered,
    goal: leak.finding.goal,
    reason: leak.finding.reason,
    host: leak.host,
    packet: Buffer.from(encodePacket(leak.words)).toString('hex'),
    description: packetText(leak.words),
    path: [...stepsTo(view, leak.execution, leak.output.step, reasons), ...after.path],
  };
}

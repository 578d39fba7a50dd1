/** The door of `verify/`: the isolation proof, and the interpreter of one packet over a dump. Pure throughout. */

export { type DumpSource, type GroupSource, hostDump } from './build.js';
export { type CompiledFlow, compileActions, compileFlow, compileMatch, type FlowSource } from './compile.js';
export { contentLines, type DumpDifference, diffDumps } from './diff-dumps.js';
export { DumpError, type DumpMistake } from './dump-error.js';
export { Explanation } from './explain.js';
export { type Arrival, arrivals } from './fabric.js';
export { Fallbacks, type Instead } from './fallback.js';
export { HostProof, type HostResult, missedGoal, sourceOf } from './host-proof.js';
export { type Ingress, ingressesOf } from './ingress.js';
export {
  type Execution,
  emptyPacket,
  type InterpretOptions,
  interpret,
  type Output,
  type Step,
  type Via,
  wayTo,
} from './interpret.js';
export { type Finding, type HostView, hostView, judge, portName, type Source } from './judge.js';
export { type LeakReport, type PathStep, type Reasons, reportLeak } from './leak-report.js';
export { desiredLine } from './line.js';
export { type MatchNames, matchWords } from './match-words.js';
export { type DumpGroup, type DumpPort, FlowSet, type GroupType, type HostDump, isTunnel } from './model.js';
export { nextOp, OP } from './ops.js';
export { hostOfDump, isOtherBridge, otherBridge, unreadPorts } from './other-bridges.js';
export { encodePacket } from './packet.js';
export { type HostPlan, type Plan, planOf } from './plan.js';
export { type Prediction, predict } from './predict.js';
export { type Pair, Reachability } from './reachability.js';
export { type DumpTexts, type ReadOptions, readDump } from './read-dump.js';
export { interfacesText } from './read-interfaces.js';
export { factsOf, kakuriReasons } from './reasons.js';
export { type Settled, settle } from './settled.js';
export { type Entry, foreignSpec, kakuriSpec, type Spec } from './spec.js';
export { flowText, packetText } from './text.js';
export { type Trace, type TraceEnd, type TraceHop, tracePacket } from './trace.js';
export { type AddressWords, VtepTable, type WireRule, WireTable } from './underlay.js';
export { conclude, type Proof, type Proofs, proveHosts, type Verdict, verify } from './verify.js';
export { pieces, readField, WORDS, wordOf, writeField } from './words.js';

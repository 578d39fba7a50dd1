/** The controller: hosts kept as the topology wants them, and what can be told about it. */
export * from './controller.js';
export type { Count, Counters } from './counters.js';
export * from './dump-report.js';
export * from './flow-report.js';
export { namesOn } from './names.js';
export * from './options.js';
export type { PathStatus } from './paths.js';
export * from './report.js';
export type { Event, State } from './state.js';
export { prepareInTime, warmUp } from './warm-up.js';

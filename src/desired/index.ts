/** Desired state: from topology and facts to rows, flows and groups. Pure throughout. */
export * from './bindings.js';
export * from './canonical.js';
export { flowContent, flowIdentity, flowsOf } from './compile.js';
export * from './config.js';
export * from './facts.js';
export * from './feedback.js';
export { bridgeHwaddr, type ConfigPlan, configPlan, datapathId } from './host-config.js';
export * from './host-state.js';
export { bucketOctets, copyOctets, floodRefusal, LIMITS } from './limits.js';
export * from './owners.js';
export { type FlowsOf, rememberingFlowsOf } from './remember.js';
export { type RemovePlan, removePlan } from './remove-config.js';
export * from './rows.js';
export * from './state.js';
export * from './tunnels.js';
export * from './ways.js';
export * from './world.js';

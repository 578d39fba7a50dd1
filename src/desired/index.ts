/** Desired state: from topology and facts to rows, flows and groups. Pure throughout. */

export * from './binding.js';
export { bindings, boundAfter, boundAgain, holderIn, holders, leftAfter } from './bindings.js';
export { Bound, type NetworkPlaces, type Rebinding } from './bound.js';
export * from './canonical.js';
export { flowContent, flowIdentity, flowsOf } from './compile.js';
export * from './config.js';
export * from './facts.js';
export * from './feedback.js';
export * from './finished.js';
export { bridgeHwaddr, type ConfigPlan, configPlan, datapathId } from './host-config.js';
export { desiredState } from './host-state.js';
export { bucketOctets, copyOctets, floodRefusal, LIMITS } from './limits.js';
export { hiddenFlows, strayBridges } from './looked-into.js';
export { reaches } from './network-slice.js';
export * from './owners.js';
export { flowsIn, type PartsBetween, type Piece, partsBetween } from './parts-between.js';
export { carriedBy, type FlowPath, flowPaths, PROBED_PEERS } from './paths.js';
export { withEntries, withEntry } from './persistent.js';
export { type FlowsOf, rememberingFlowsOf } from './remember.js';
export { type RemovePlan, removePlan } from './remove-config.js';
export * from './rows.js';
export type { NetworkSlice } from './slices.js';
export * from './state.js';
export * from './topology-index.js';
export * from './tunnels.js';
export * from './ways.js';
export * from './world.js';

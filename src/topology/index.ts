/** The door of `topology/`: pure, from the text of a topology file to values, or to every mistake in it. */

export { linkLocal } from './address.js';
export { type AllocateOptions, type Allocation, allocateKeys, QUARANTINE_MS } from './allocate.js';
export { changeText, type ObjectChange, topologyChanges } from './difference.js';
export {
  ENCAPSULATIONS,
  groupNumber,
  KeySpace,
  largestKey,
  MINIMUM_MTU,
  networkNumber,
  overhead,
  underlayFamily,
  type WireKey,
  wireKey,
} from './encapsulation.js';
export { formatTopology } from './format.js';
export {
  EMPTY_MEMORY,
  formatKeyMemory,
  type HeldKey,
  type KeyMemory,
  parseKeyMemory,
  type RestingKey,
} from './key-memory.js';
export type {
  Dhcp,
  Encapsulation,
  Host,
  Network,
  NetworkDraft,
  Port,
  Position,
  Problem,
  Qos,
  Topology,
  TopologyDraft,
  Underlay,
  VlanHalf,
  Way,
  Wire,
} from './model.js';
export { type Parsed, parseTopology } from './parse.js';
export { allZones, type ZoneList, Zones } from './zones.js';

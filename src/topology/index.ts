/** The door of `topology/`: pure, from the text of a topology file to values, or to every mistake in it. */
export type {
  Encapsulation,
  Host,
  Network,
  NetworkDraft,
  Port,
  Position,
  Problem,
  Topology,
  TopologyDraft,
  Underlay,
} from './model.js';

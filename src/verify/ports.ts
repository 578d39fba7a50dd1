/** Ports that are no port of the bridge. */
import { OFPP } from 'ts-openflow';

/** Reserved ports that `output` of a field may name (LOCAL stands among the bridge's own). */
export const RESERVED_PORTS: readonly number[] = [
  OFPP.IN_PORT,
  OFPP.TABLE,
  OFPP.NORMAL,
  OFPP.FLOOD,
  OFPP.ALL,
  OFPP.CONTROLLER,
  OFPP.LOCAL,
];

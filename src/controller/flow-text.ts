/** A flow that a switch holds, as `ovs-ofctl --no-stats dump-flows` prints it, table 0 included. */
import { formatFlow } from 'ts-openflow';
import type { ActualFlow } from '../diff/index.js';

export const flowText = (flow: ActualFlow): string =>
  `${flow.table_id === 0 ? 'table=0, ' : ''}${formatFlow({ ...flow, instructions: [...flow.instructions] })}`;

/** A flow that is wanted, as a line of `ovs-ofctl dump-flows` without its counters. */
import { formatFlowEntry, type PrintableFlow } from 'ts-openflow';
import type { DesiredFlow } from '../desired/index.js';

export function desiredLine({ table_id, priority, match, instructions, cookie }: DesiredFlow): string {
  const flow: PrintableFlow = { table_id, priority, match, instructions: [...instructions], cookie };
  return formatFlowEntry(flow);
}

/** A host from flows in ovs-ofctl's text. */
import { parseActions, parseFlow } from 'ts-openflow';
import { type DumpPort, type HostDump, hostDump } from '../../src/verify/index.js';

export const port = (ofport: number, name = `p${ofport}`, more: Partial<DumpPort> = {}): DumpPort => ({
  ofport,
  name,
  type: '',
  options: {},
  ...more,
});

/** Groups as `1: all, set_field:… / output:2`: type, then buckets. */
export function hostOf(
  flows: readonly string[],
  ports: readonly DumpPort[],
  groups: Readonly<Record<number, readonly [type: string, ...buckets: string[]]>> = {},
): HostDump {
  return hostDump({
    host: 'hv1',
    flows: flows.map((text) => {
      const {
        table_id = 0,
        priority = 32768,
        cookie = 0n,
        match = {},
        instructions = [],
      } = parseFlow(text, { version: 6 });
      return { table_id, priority, cookie, match, instructions };
    }),
    groups: Object.entries(groups).map(([id, [type, ...buckets]]) => ({
      group_id: Number(id),
      type,
      buckets: buckets.map((text) => ({ actions: parseActions(text, { version: 6 }) })),
    })),
    ports,
  });
}

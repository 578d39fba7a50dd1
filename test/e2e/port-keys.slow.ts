/** What the topology says of one port, with packets: every encapsulation in both tunnel modes. */
import { describePortKeys } from './port-keys.js';

for (const encapsulation of ['geneve', 'vxlan', 'gre', 'nvgre'] as const)
  for (const tunnels of ['mesh', 'flow'] as const)
    if (encapsulation !== 'geneve' || tunnels !== 'mesh') describePortKeys({ encapsulation, tunnels });

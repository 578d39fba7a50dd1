/** Port security with packets: every encapsulation in both tunnel modes. */
import { describeSecurity } from './security.js';

for (const encapsulation of ['geneve', 'vxlan', 'gre', 'nvgre'] as const)
  for (const tunnels of ['mesh', 'flow'] as const)
    if (encapsulation !== 'geneve' || tunnels !== 'mesh') describeSecurity({ encapsulation, tunnels });

/** Isolation with packets: every encapsulation in both tunnel modes, and over IPv6 in one mode each. */
import { describeIsolation } from './isolation.js';

for (const encapsulation of ['geneve', 'vxlan', 'gre', 'nvgre'] as const) {
  for (const tunnels of ['mesh', 'flow'] as const) describeIsolation({ encapsulation, tunnels });
  describeIsolation({ encapsulation, tunnels: 'mesh', family: 'ipv6' });
}

/** Isolation with packets: the variants that differ most. The slow suite has all. */
import { describeIsolation, type Variant } from './isolation.js';

const VARIANTS: readonly Variant[] = [
  { encapsulation: 'geneve', tunnels: 'mesh' },
  { encapsulation: 'vxlan', tunnels: 'flow' },
  { encapsulation: 'nvgre', tunnels: 'flow', family: 'ipv6' },
];

for (const variant of VARIANTS) describeIsolation(variant);

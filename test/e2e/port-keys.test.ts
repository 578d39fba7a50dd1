/** What the topology says of one port, with packets, for one encapsulation. The slow suite has all. */
import { describePortKeys } from './port-keys.js';

describePortKeys({ encapsulation: 'geneve', tunnels: 'mesh' });

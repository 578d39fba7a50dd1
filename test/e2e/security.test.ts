/** Port security with packets, for one encapsulation. The slow suite has all. */
import { describeSecurity } from './security.js';

describeSecurity({ encapsulation: 'geneve', tunnels: 'mesh' });

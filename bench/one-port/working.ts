/** Whether a system works, before anything is measured. */
import type { Contestant, SiteVm } from './site.js';
import { eventually } from './wait.js';

/** The bases reach each other: the system works before anything is measured. */
export const working = ({ name, site }: Contestant): Promise<void> =>
  eventually(`${name} to connect the first two VMs`, async () => {
    const [from, to] = site.bases as readonly [SiteVm, SiteVm];
    const result = await site.lab.request<{ received: number }>('ping', {
      from: from.ifaceId,
      to: to.ifaceId,
      count: 1,
      timeout: 0.3,
    });
    return result.received > 0;
  });

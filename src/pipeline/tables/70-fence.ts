/**
 * Table 70 · fence: no packet comes here. Its one flow keeps saved flows from coming back to life.
 *
 * `ovs-ctl restart` saves the flows by port number and restores them before any controller is asked, though the ports may
 * have other numbers by then: one tenant's VM would then sit on another tenant's number, and where addresses overlap
 * nothing else tells them apart. ovs-save restores flows in one bundle, but no meters. This flow names a meter, so the
 * bundle fails as a whole (OFPMMFC_INVALID_METER, seen on 3.1.0) and the bridge starts empty: every packet is dropped
 * until the controller has read the new numbers. 3.1.0 also clears a bridge when it configures its controller after the
 * restore (seen); isolation does not rest on that order of events.
 */
import type { Meter } from '../meters.js';
import { table } from '../table.js';

/** The meter the fence names. It limits nothing, for nothing passes it. */
export const FENCE_METER: Meter = {
  meter_id: 1,
  unit: 'packets',
  rate: 1,
  why: 'named by the fence; no packet comes to it',
};

export const fence = table({
  id: 70,
  name: 'fence',
  question: 'Nothing comes here: the flow keeps saved flows from being restored.',
  matches: [],

  host: () => [
    {
      priority: 0,
      match: {},
      meter: FENCE_METER.meter_id,
      why: 'flows saved by port number must not be restored after a restart that may change the numbers',
    },
  ],
});

/** The least model of a switch's tables for the tests of the diff. */
import type { DesiredState } from '../src/desired/index.js';
import { type ActualState, actualOf, contentOf } from '../src/diff/index.js';

/** A switch that holds exactly the desired state. */
export const holding = (desired: DesiredState): ActualState => ({
  flows: new Map(desired.flows.map((f) => [f.identity, actualOf(f)])),
  groups: new Map(desired.groups.map((g) => [g.group_id, { group_id: g.group_id, type: 'all', buckets: g.buckets }])),
  meters: new Map(desired.meters.map((m) => [m.meter_id, contentOf(m)])),
});

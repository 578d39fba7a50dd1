/** Text and back at length: 12,000 flows. */
import { declareRoundTrip } from './round-trip.js';

describe('ts-openflow: flow text and back, at length', function () {
  this.timeout(600_000);
  declareRoundTrip(4_000);
});

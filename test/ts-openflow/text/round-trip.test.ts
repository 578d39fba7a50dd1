/** Text and back, 300 flows of each version. The slow tests try 4,000. */
import { declareRoundTrip, declareSayable } from './round-trip.js';

describe('ts-openflow: flow text and back', function () {
  this.timeout(60_000);
  declareRoundTrip(300);
  declareSayable();
});

/** Text and back, 300 flows of each version. The slow tests try 4,000. */
import { declareRoundTrip, declareSayable } from './round-trip.js';

describe('ts-openflow: flow text and back', () => {
  declareRoundTrip(300);
  declareSayable();
});

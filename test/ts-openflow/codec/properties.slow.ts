/** The codec's properties at length: 500 messages of each kind in each version, some 140,000 in all. */
import { declareProperties } from './properties.js';

describe('ts-openflow: properties of the codec, at length', function () {
  this.timeout(600_000);
  declareProperties(500);
});

/** The codec's properties, tried 10,000 times. */
import { declareProperties } from './properties.js';

describe('ts-openflow: properties of the codec, at length', function () {
  this.timeout(600_000);
  declareProperties(10_000);
});

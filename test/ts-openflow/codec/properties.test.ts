/** The codec's properties, 30 messages of each kind. The slow tests try 500 of each. */
import { declareCoverage, declareProperties } from './properties.js';

describe('ts-openflow: properties of the codec', function () {
  this.timeout(60_000);
  declareProperties(30);
  declareCoverage();
});

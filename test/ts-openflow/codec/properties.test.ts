/** The codec's properties, tried a few hundred times. The slow tests try them 10,000 times. */
import { declareProperties } from './properties.js';

describe('ts-openflow: properties of the codec', () => declareProperties(300));

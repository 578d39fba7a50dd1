/** Real traffic of 1.5; the slow tests take 1.3 and 1.4 as well. */
import { declareRealTraffic } from './judge.js';

describe('real traffic', () => declareRealTraffic(15));

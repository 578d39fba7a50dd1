/** Real traffic of 1.3 and 1.4; the fast tests have 1.5. */
import { declareRealTraffic } from './judge.js';

describe('real traffic of the older versions', () => {
  declareRealTraffic(13);
  declareRealTraffic(14);
});

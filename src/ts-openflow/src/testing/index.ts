/** For tests of controllers: a switch in memory that speaks real octets, and a clock to move. */
export { type Clock, ManualClock, SYSTEM_CLOCK } from './clock.js';
export {
  type Declarations,
  type DeclaredAction,
  type DeclaredField,
  declarations,
  type Known,
  type Outline,
  type Outlined,
} from './declarations.js';
export { duplexPair } from './duplex.js';
export { FakeSwitch, type FakeSwitchOptions } from './fake-switch.js';
export type { FakePort } from './replies.js';

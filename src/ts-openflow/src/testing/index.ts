/** For tests of controllers: a switch in memory that speaks real octets, and a clock to move. */
export { type Clock, ManualClock, SYSTEM_CLOCK } from './clock.js';
export { FakeSwitch, type FakeSwitchOptions } from './fake-switch.js';
export type { FakePort } from './replies.js';

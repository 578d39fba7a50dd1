/**
 * Table 58 · inject: is it the controller's answer? The only place where its packets enter; they come with the registers of
 * the one port that asked, and pass the guard like everything else.
 *
 *   match                → action
 *   in_port = CONTROLLER → goto guard
 *   otherwise            → drop guard
 */
import { OFPP } from 'ts-openflow';
import { table } from '../table.js';
import { guard } from './60-guard.js';

export const inject = table({
  id: 58,
  name: 'inject',
  question: "Is it the controller's answer?",
  matches: ['in_port'],

  host: () => [
    {
      priority: 100,
      match: { in_port: { value: OFPP.CONTROLLER } },
      goto: guard,
      why: 'the guard decides whether the port may receive it',
    },
    { priority: 0, match: {}, drop: 'guard', why: 'only the controller enters here' },
  ],
});

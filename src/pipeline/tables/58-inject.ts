/**
 * Table 58 · inject: is it the controller's answer? The only place where its packets enter; they come with the registers of
 * the one port that asked, and pass the guard like everything else.
 *
 *   match                → action
 *   in_port = CONTROLLER, reg_network = N that is joined to a VLAN, RARP → goto to_gateway  (where VMs are, see below)
 *   in_port = CONTROLLER → goto guard
 *   otherwise            → drop guard
 *
 * When a host goes over to another gateway, the switches of the VLAN must learn that its VMs are behind that one now; the
 * controller says so with the VMs' MAC addresses, as they do themselves when they migrate.
 */
import { OFPP } from 'ts-openflow';
import { networkNumber } from '../../topology/index.js';
import { ETH_TYPE_RARP } from '../fields.js';
import { reg_network } from '../registers.js';
import { table } from '../table.js';
import { guard } from './60-guard.js';
import { toGateway } from './62-to-gateway.js';

export const inject = table({
  id: 58,
  name: 'inject',
  question: "Is it the controller's answer?",
  matches: ['in_port', 'eth_type', reg_network],

  host: () => [
    {
      priority: 100,
      match: { in_port: { value: OFPP.CONTROLLER } },
      goto: guard,
      why: 'the guard decides whether the port may receive it',
    },
    { priority: 0, match: {}, drop: 'guard', why: 'only the controller enters here' },
  ],

  network: ({ network, gateways }) =>
    gateways === undefined
      ? []
      : [
          {
            priority: 110,
            match: {
              in_port: { value: OFPP.CONTROLLER },
              eth_type: { value: ETH_TYPE_RARP },
              [reg_network]: { value: networkNumber(network) },
            },
            goto: toGateway,
            why: `the switches of the VLAN of ${network.path} learn behind which gateway its ports here are`,
          },
        ],
});

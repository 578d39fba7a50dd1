/**
 * Table 62 · to_gateway: which gateway leads to the VLAN half of the network now? (Of what VMs here send.)
 *
 *   match           → action
 *   reg_network = N → tun_id = N's key; reg_gateway = the first gateway whose tunnel works, by BFD; goto gateway
 *   … without a tunnel to one → drop no_gateway
 *   otherwise       → drop no_network
 *
 * No controller is needed for a change of gateway: ovs-vswitchd knows the state of its tunnels.
 */
import { networkNumber, wireKey } from '../../topology/index.js';
import { findGateway, TO_GATEWAY } from '../actions.js';
import { reg_network } from '../registers.js';
import { table } from '../table.js';
import { gateway } from './64-gateway.js';

export const toGateway = table({
  id: TO_GATEWAY,
  name: 'to_gateway',
  question: 'Which gateway leads to the VLAN half of the network now?',
  matches: [reg_network],

  host: () => [{ priority: 0, match: {}, drop: 'no_network', why: 'no network, no gateway' }],

  network: ({ network, gateways }) => {
    if (gateways === undefined) return [];
    const match = { [reg_network]: { value: networkNumber(network) } } as const;
    const { tunnels, wire } = gateways;
    if (tunnels.length === 0)
      return [{ priority: 100, match, drop: 'no_gateway', why: `there is no tunnel to a gateway of ${network.path}` }];
    return [
      {
        priority: 100,
        match,
        actions: [{ kind: 'set_field', field: 'tun_id', value: BigInt(wireKey(wire).value) }, findGateway(tunnels)],
        goto: gateway,
        why: `the gateways of ${network.path} are behind ${tunnels.map(({ name }) => name).join(', ')}`,
      },
    ];
  },
});

/**
 * Table 37 · by_gateway: did the gateway that this host uses send it? A broadcast of the VLAN comes to every gateway, and from
 * each of them to here: one copy is taken.
 *
 *   match                                                → action
 *   reg_network = N, in_port = tunnel = reg_gateway      → goto from_tunnel
 *   reg_network = N, in_port = tunnel                    → drop gateway_standby
 *   otherwise                                            → drop no_network
 *
 * Each host decides by itself, by the BFD of its own tunnels, and sends to the gateway that it takes from.
 */
import { networkNumber } from '../../topology/index.js';
import { withKey } from '../actions.js';
import { reg_gateway, reg_network } from '../registers.js';
import { table } from '../table.js';
import { fromTunnel } from './40-from-tunnel.js';

export const byGateway = table({
  id: 37,
  name: 'by_gateway',
  question: 'Did the gateway that this host uses send it?',
  matches: [reg_network, 'in_port', 'tun_id', reg_gateway],

  host: () => [{ priority: 0, match: {}, drop: 'no_network', why: 'no network, no gateways' }],

  peer: ({ network, host, tunnel, wire, gateways }) => {
    if (gateways === undefined) return [];
    const match = {
      [reg_network]: { value: networkNumber(network) },
      in_port: { value: tunnel.ofport },
      ...withKey(wire),
    } as const;
    return [
      {
        priority: 100,
        match: { ...match, [reg_gateway]: { value: tunnel.ofport } },
        goto: fromTunnel,
        why: `${host} is the gateway of ${network.path} in use`,
      },
      {
        priority: 50,
        match,
        drop: 'gateway_standby',
        why: `${host} is a gateway of ${network.path}, and another one is in use, or none`,
      },
    ];
  },
});

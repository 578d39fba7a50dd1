/**
 * Table 64 · gateway: the tunnel to the gateway in use.
 *
 *   match                                  → action
 *   reg_network = N, reg_gateway = tunnel T → output T
 *   reg_network = N                        → drop no_gateway  (none of them works)
 *   otherwise                              → drop no_network
 */
import { networkNumber } from '../../topology/index.js';
import { reg_gateway, reg_network } from '../registers.js';
import { table } from '../table.js';

export const gateway = table({
  id: 64,
  name: 'gateway',
  question: 'By which tunnel is the gateway in use reached?',
  matches: [reg_network, reg_gateway],

  host: () => [{ priority: 0, match: {}, drop: 'no_network', why: 'no network, no gateway' }],

  network: ({ network, gateways }) => {
    if (gateways === undefined || gateways.tunnels.length === 0) return [];
    const match = { [reg_network]: { value: networkNumber(network) } } as const;
    return [
      ...gateways.tunnels.map(({ name, ofport }) => ({
        priority: 100,
        match: { ...match, [reg_gateway]: { value: ofport } },
        actions: [{ kind: 'output', port: ofport } as const],
        why: `a gateway of ${network.path} is behind ${name}`,
      })),
      { priority: 50, match, drop: 'no_gateway', why: `no tunnel to a gateway of ${network.path} works` },
    ];
  },
});

/** What a scheme costs those who run it: what the backbone must hold, and what one must read for one tenant. */
import { stringify } from 'yaml';
import { flowsOfANetwork } from './fill.js';
import type { Cost } from './result.js';
import { isSwitched, type Scheme } from './schemes.js';

/** An installation of middling size, for what the backbone must hold. */
const NETWORKS = 1000;
const VMS = 10_000;
const HOSTS = 20;

/** A tenant with one network of two VMs, as one writes it. */
const TENANT = {
  red: {
    networks: {
      web: {
        subnets: ['192.168.0.0/24'],
        ports: {
          'red-vm1': { mac: '02:00:00:00:01:01', ips: ['192.168.0.1'] },
          'red-vm2': { mac: '02:00:00:00:01:02', ips: ['192.168.0.2'] },
        },
      },
    },
  },
};

/**
 * The backbone of a tunnel scheme knows hosts: a route to each VTEP, and nothing of networks and VMs. Switches of a VLAN
 * scheme know every id and learn every VM's MAC address.
 */
const held = (scheme: Scheme) =>
  isSwitched(scheme) ? { ids: NETWORKS, macs: VMS, routes: 0 } : { ids: 0, macs: 0, routes: HOSTS };

export const cost = (scheme: Scheme): Cost => ({
  backbone: { networks: NETWORKS, vms: VMS, hosts: HOSTS, ...held(scheme) },
  features: scheme.backbone,
  concepts: scheme.concepts,
  flowsOfATenant: flowsOfANetwork(scheme.encapsulation),
  linesOfATenant: stringify(TENANT).trimEnd().split('\n').length,
});

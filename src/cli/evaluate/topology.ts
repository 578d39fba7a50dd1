/**
 * What an evaluation builds: two tenants with the same addresses on a leaf-spine fabric, once for each scheme; and one
 * installation with a tenant of each scheme, one without any and one with router VMs, whose VMs are measured in turns.
 */
import type { Encapsulation } from '../../topology/index.js';
import { ROUTER_TENANT, routerTenantVms } from './router-vm.js';
import { isSwitched, type Scheme } from './schemes.js';

export const HOSTS = ['hv1', 'hv2', 'hv3'] as const;
/** The tenant whose VMs are bridged to the underlay, without the controller. */
export const BARE = 'bare';
/** Octets of an IP packet of the VMs that are measured: what the largest header leaves, for all alike. */
export const MTU = 1450;

/** The interface of a host that carries VLANs. */
export const TRUNK = 'eth1';

const hosts = (names: readonly string[], trunks: boolean): object =>
  Object.fromEntries(
    names.map((name, i) => [
      name,
      {
        ovsdb: `unix:/run/kakuri/${name}/db.sock`,
        vtep: `10.99.0.${i + 1}`,
        ...(trunks ? { trunk: TRUNK } : {}),
      },
    ]),
  );

interface Vm {
  readonly name: string;
  readonly n: number;
  readonly hosts?: readonly string[];
}

function network(vms: readonly Vm[], more: object = {}): object {
  const ports = vms.map(({ name, n, hosts }) => [
    name,
    { mac: `02:00:00:00:01:0${n}`, ips: [`192.168.0.${n}`], ...(hosts === undefined ? {} : { hosts }) },
  ]);
  return { networks: { web: { ...more, subnets: ['192.168.0.0/24'], ports: Object.fromEntries(ports) } } };
}

/**
 * Red and blue with a VM on each host; the first of each may run anywhere. A fabric that is routed has nothing to do with
 * VLANs: their hosts stand on switches.
 */
export function fabricTopology(encapsulation: Encapsulation): object {
  const vms = (tenant: string): readonly Vm[] =>
    HOSTS.map((host, i) => ({ name: `${tenant}-vm${i + 1}`, n: i + 1, ...(i === 0 ? {} : { hosts: [host] }) }));
  return {
    underlay: {
      encapsulation,
      tunnels: 'mesh',
      mtu: 1500,
      fabric: isSwitched({ encapsulation }) ? 'switched' : 'leaf-spine',
    },
    hosts: hosts(HOSTS, isSwitched({ encapsulation })),
    tenants: { red: network(vms('red')), blue: network(vms('blue')) },
  };
}

/** A tenant for each scheme, the bare one, and that of the router VMs, with a VM on both of two hosts. */
export function speedTopology(schemes: readonly Scheme[]): object {
  const pair = (tenant: string): readonly Vm[] =>
    [1, 2].map((n) => ({ name: `${tenant}-vm${n}`, n, hosts: [`hv${n}`] }));
  return {
    underlay: { encapsulation: 'geneve', tunnels: 'mesh', mtu: 1500, fabric: 'switched' },
    hosts: hosts(HOSTS.slice(0, 2), schemes.some(isSwitched)),
    tenants: Object.fromEntries([
      ...schemes.map(({ name, encapsulation }) => [name, network(pair(name), { encapsulation })]),
      [BARE, network(pair(BARE))],
      [ROUTER_TENANT, network(routerTenantVms().map(({ name, n, host }) => ({ name, n, hosts: [host] })))],
    ]),
  };
}

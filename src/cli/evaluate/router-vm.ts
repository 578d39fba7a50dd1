/**
 * The historical IP tunnel, in the lab only: beside each VM a router VM, to which the VM's packets go through the host's
 * switch; it routes them (IP alone, no Ethernet) into a tunnel of its own, whose packets go through the same switch once
 * more on their way to the underlay. Built without the controller, so that its cost stands beside the others'.
 *
 *   VM ── br-rvm ── eth1 [router VM] eth0 ── br-phy ── underlay
 *
 * The tunnel is the kernel's VXLAN, used as a link between the two routers: it is the one kind that the kernels of small
 * machines have, too. No Ethernet frame of a VM travels in it.
 */
import type { Site } from './site.js';

/** Its name in reports, and the tenant with its VMs in the lab. */
export const ROUTER_VM = 'ip-tunnel-router-vm';
export const ROUTER_TENANT = 'rvm';

const BRIDGE = 'br-rvm';
const PORT = 'rvm0';
const UNDERLAY_MTU = 1500;

const guest = (n: number): string => `${ROUTER_TENANT}-vm${n}`;
const router = (n: number): string => `${ROUTER_TENANT}-rt${n}`;
const innerMac = (n: number): string => `02:00:00:00:02:0${n}`;

/** VMs of the tenant: numbers 1 and 2 are guests, 3 and 4 their routers. */
export const routerTenantVms = (): readonly { readonly name: string; readonly n: number; readonly host: string }[] =>
  [1, 2].flatMap((n) => [
    { name: guest(n), n, host: `hv${n}` },
    { name: router(n), n: n + 2, host: `hv${n}` },
  ]);

/** The router's second link, to the bridge of the VM; the kernel does not hear what the switch reads (lab.py, `deaf`). */
const link = (pid: number, n: number, tap: string): string => `set -e
ip link set ${tap} mtu ${UNDERLAY_MTU}
ip link add ${PORT} type veth peer name eth1 address ${innerMac(n)} netns ${pid}
ip link set ${PORT} up
ethtool -K ${PORT} tx off >/dev/null
nft add chain netdev kakuri in_${PORT} "{ type filter hook ingress device ${PORT} priority 0; policy drop; }"`;

/** Addresses: 10.98 between the routers' underlay ends, 10.97 at the ends of the tunnel. `other` is the peer's number. */
const routing = (n: number, other: number, mtu: number): string => `set -e
sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0
ip addr flush dev eth0
ip link set eth0 mtu ${UNDERLAY_MTU}
ip addr add 10.98.0.${n}/24 dev eth0
ethtool -K eth1 tx off tso off gso off >/dev/null
ip link set eth1 mtu ${mtu} up
ip link add tunnel type vxlan id 1 local 10.98.0.${n} remote 10.98.0.${other} dstport 4789
ip addr add 10.97.0.${n}/24 dev tunnel
ip link set tunnel mtu ${mtu} up
ip neigh replace 192.168.0.${n} lladdr 02:00:00:00:01:0${n} dev eth1
ip route add 192.168.0.${n}/32 dev eth1
ip route add 192.168.0.${other}/32 via 10.97.0.${other}`;

/** Builds it on both hosts. `mtu`: octets of an IP packet of the VMs. Throws CliError 3 with the step that failed. */
export async function buildRouterVms(site: Site, mtu: number): Promise<void> {
  const { vms } = site.lab.ready;
  const vsctl = (host: string, ...args: readonly string[]) => site.lab.request('vsctl', { host, args });
  for (const n of [1, 2]) {
    const [vm, rt, host, other] = [vms[guest(n)], vms[router(n)], `hv${n}`, 3 - n];
    if (vm === undefined || rt === undefined) throw new Error(`the lab has no ${guest(n)} or no ${router(n)}`);
    await site.shell({ host }, link(rt.pid, n, rt.tap));
    await vsctl(host, 'add-br', BRIDGE, '--', 'set', 'Bridge', BRIDGE, 'datapath_type=netdev');
    await vsctl(host, 'add-port', BRIDGE, vm.tap, '--', 'add-port', BRIDGE, PORT);
    await vsctl(host, 'add-port', 'br-phy', rt.tap);
    await site.shell({ vm: router(n) }, routing(n, other, mtu));
    // The VM's neighbour is its router, whatever address of its network it asks for.
    await site.shell({ vm: guest(n) }, `ip neigh replace 192.168.0.${other} lladdr ${innerMac(n)} dev eth0`);
  }
}

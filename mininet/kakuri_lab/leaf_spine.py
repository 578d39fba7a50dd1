"""The underlay as a leaf-spine fabric: two spines, racks with two leaves each, every hypervisor with an uplink to both
leaves of its rack, all of it routed by FRR (OSPF with BFD) down to the hypervisor.

A VTEP is no uplink's address but the hypervisor's own, announced over both, so that a tunnel outlives every link, leaf
and spine but the last. It is on br-phy1 and br-phy2 too, for Open vSwitch ends tunnels only at the addresses of
devices that are no loopback, and looks there for the MAC. Leaves and spines spread packets over equal paths; a
hypervisor takes one. Link n has the addresses 2n and 2n+1 of 100.64.0.0/16.
"""
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Callable

from . import frr
from .fabric import CONVERGED_SECONDS, SPINES, Fabric
from .nodes import LabError, LabNode
from .topology import Host, Topology
from .underlay import NO_IPV6, Uplink, batch, router_mac
from .yaml_core import TopologyError

class LeafSpine(Fabric):
    """Addresses and commands of the fabric; the interface is that of Underlay."""
    kind = 'leaf-spine'

    def __init__(self, topology: Topology) -> None:
        if topology.ipv6:
            raise TopologyError('the leaf-spine fabric of the lab is IPv4: take the switched underlay for IPv6 VTEPs')
        if not frr.installed():
            raise TopologyError('the leaf-spine fabric needs FRR: apt-get install frr')
        super().__init__(topology)
        self._link_rogue()
        self._frr_directory = ''
        self._make_directory: Callable[[str], None] = lambda _: None

    def converged(self, nodes: dict[str, LabNode]) -> bool:
        """Whether every speaker is fully adjacent to each of its neighbours and BFD watches each, as after the start or
        a healed fault. (Not whether all equal paths are back: after a loss of carrier zebra 8.4 goes on with those it has.)"""
        def whole(name: str) -> bool:
            expected = sum('rogue' not in link.near and name in (link.near[0], link.far[0]) for link in self.links)
            return frr.watched_adjacencies(nodes[name], f'{self._frr_directory}/{name}-frr') == expected

        with ThreadPoolExecutor() as pool:
            return all(pool.map(whole, [*self.node_names(), *self.topology.hosts]))

    def _has_all_paths(self, name: str, node: LabNode) -> bool:
        """Whether a leaf or spine has as many next hops to each VTEP as there are."""
        hops = {route['dst']: len(route.get('nexthops', [route])) for route in json.loads(node.script('ip -j route show'))}
        return all(hops.get(host.vtep, 0) == self._paths(name, host) for host in self.topology.hosts.values())

    def _paths(self, name: str, host: Host) -> int:
        """Equal paths from a leaf or spine to a hypervisor: over its leaves, or straight, or over the spines."""
        above = {link.far[0] for link in self.links if link.near[0] == host.name}
        if name in self.spines:
            return len(above)
        return 1 if name in above else SPINES

    def uplinks(self, host: Host) -> list[Uplink]:
        number = f'{host.number >> 8:02x}:{host.number & 255:02x}'
        return [Uplink(f'br-phy{side}', f'up{side}', f'02:ee:00:{side - 1:02x}:{number}') for side in (1, 2)]

    def route(self, nodes: dict[str, LabNode], _macs: dict[str, str], directory: str,
              make_directory: Callable[[str], None]) -> None:
        """Addresses of leaves and spines, and their FRR."""
        self._frr_directory, self._make_directory = directory, make_directory
        for number, name in enumerate(self.node_names(), 1):
            own = {link.far[1]: link.address(True) for link in self.links if link.far[0] == name}
            own.update({link.near[1]: link.address(False) for link in self.links if link.near[0] == name})
            router_id = f'100.65.0.{number}'
            lines = ['link set lo up', f'addr add {router_id}/32 dev lo']
            for interface, address in own.items():
                lines += [f'addr add {address}/31 dev {interface}', f'link set {interface} up']
            nodes[name].script(
                NO_IPV6 + 'sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0'
                ' net.ipv4.fib_multipath_hash_policy=1 net.ipv4.conf.all.ignore_routes_with_linkdown=1\n' + batch(lines)
                # the routers' own packets (BFD is UDP) would leave with unfinished checksums, which Open vSwitch drops
                + ''.join(f'ethtool -K {interface} tx off >/dev/null\n' for interface in own))
            speaking = {i: a for i, a in own.items() if i != 'rogue'}
            frr.start(nodes[name], frr.Speaker(router_id, speaking, [i for i in own if i == 'rogue'] + ['lo']),
                      f'{directory}/{name}-frr', make_directory)

    def addresses(self, host: Host) -> list[str]:
        """`ip` lines that give a hypervisor its VTEP and its uplinks' addresses."""
        lines = [f'addr add {host.vtep}/32 dev lo']
        for bridge, address in self._own(host).items():
            lines += [f'addr add {address}/31 dev {bridge}', f'addr add {host.vtep}/32 dev {bridge}',
                      f'link set {bridge} up']
        return lines

    def speak(self, host: Host, node: LabNode) -> None:
        """Starts FRR on a hypervisor whose bridges have their addresses."""
        node.script('sysctl -qw net.ipv4.ip_forward=0 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.all.ignore_routes_with_linkdown=1\n')
        frr.start(node, frr.Speaker(host.vtep, self._own(host), ['lo'], transit=False),
                  f'{self._frr_directory}/{host.name}-frr', self._make_directory)

    def settle(self, nodes: dict[str, LabNode]) -> None:
        """Waits until every hypervisor has a route to every other's VTEP, and leaves and spines have all equal paths to
        each: OSPF computes paths some time after an adjacency, seconds where several come one after the other."""
        deadline = time.monotonic() + CONVERGED_SECONDS
        for host in self.topology.hosts.values():
            others = [h.vtep for h in self.topology.hosts.values() if h is not host]
            while missing := self._unreached(nodes[host.name], others):
                if time.monotonic() > deadline:
                    raise LabError(f'{host.name}: no OSPF route to {", ".join(missing)} after {CONVERGED_SECONDS:.0f} s')
                time.sleep(0.1)
        for name in self.node_names():
            while not self._has_all_paths(name, nodes[name]):
                if time.monotonic() > deadline:
                    raise LabError(f'{name}: not all equal paths of OSPF after {CONVERGED_SECONDS:.0f} s')
                time.sleep(0.1)

    def _unreached(self, node: LabNode, vteps: list[str]) -> list[str]:
        routes = node.script('ip route show').split()
        return [v for v in vteps if v not in routes]

    def neighbours(self, host: Host, _macs: dict[str, str]) -> dict[str, str]:
        """IP to MAC of both leaves: Open vSwitch does not know what the kernel asked before there were tunnels."""
        return {link.address(True): router_mac(link.number) for link in self.links if link.near[0] == host.name}

    def _own(self, host: Host) -> dict[str, str]:
        """Bridge to its own address, of a hypervisor."""
        return {f'br-phy{link.near[1][2:]}': link.address(False) for link in self.links if link.near[0] == host.name}

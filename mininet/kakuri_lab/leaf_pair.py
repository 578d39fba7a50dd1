"""The underlay as racks with a pair of leaves each: hypervisors have an OVS bond (active-backup) over an uplink to either
leaf, the pair is one segment with one gateway address by VRRP, and above the leaves two spines are routed by FRR.

The leaves of a pair are joined by a link between the bridges of their segment, so that what comes by either leaf gets to
whichever is master. Rack r has the segment 172.31.r.0/24: the gateway .1, the leaves .2 and .3, hypervisor N .10 and on.
A VTEP is an address of its own on br-phy, to which both leaves have a route that they announce; a hypervisor knows one
next hop, the gateway. The bond sees carrier only: a leaf that falls silent with its links up is not gone around.
"""
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Callable

from . import frr, vrrp
from .fabric import CONVERGED_SECONDS, Fabric, Link
from .nodes import LabError, LabNode
from .topology import Host, Topology
from .underlay import NO_IPV6, Uplink, batch
from .yaml_core import TopologyError

SEGMENT = 'br0'
PEER = 'peer'  # the link between the leaves of a pair
FIRST_HOST = 10
BOND = 'bond0'


class LeafPair(Fabric):
    """Addresses and commands of the fabric; the interface is that of Underlay."""
    kind = 'leaf-pair'

    def __init__(self, topology: Topology) -> None:
        if topology.ipv6:
            raise TopologyError('the leaf-pair fabric of the lab is IPv4: take the switched underlay for IPv6 VTEPs')
        if not frr.installed():
            raise TopologyError('the leaf-pair fabric needs FRR: apt-get install frr')
        if not vrrp.installed():
            raise TopologyError('the leaf-pair fabric needs keepalived: apt-get install keepalived')
        if len(topology.hosts) > 200:
            raise TopologyError('the leaf-pair fabric has room for 200 hosts')
        super().__init__(topology)
        for rack in range(self.racks):
            self._link((f'leaf{2 * rack + 1}', PEER), (f'leaf{2 * rack + 2}', PEER))
        self._link_rogue()
        self._directory = ''

    def _segment_address(self, host: Host) -> str:
        return f'172.31.{self._rack(host)}.{FIRST_HOST + host.number}'

    @staticmethod
    def _gateway(rack: int) -> str:
        return f'172.31.{rack}.1'

    def converged(self, nodes: dict[str, LabNode]) -> bool:
        """Whether every leaf and spine is fully adjacent to each of its neighbours, BFD watches each, and each pair has
        one master."""
        def whole(name: str) -> bool:
            expected = sum(self._is_routed(link) and name in (link.near[0], link.far[0]) for link in self.links)
            return frr.watched_adjacencies(nodes[name], f'{self._directory}/{name}-frr') == expected

        with ThreadPoolExecutor() as pool:
            return all(pool.map(whole, self.node_names())) and all(
                self._masters(nodes, rack) == 1 for rack in range(self.racks))

    def _masters(self, nodes: dict[str, LabNode], rack: int) -> int:
        return sum(vrrp.is_master(nodes[f'leaf{2 * rack + side}']) for side in (1, 2))

    def _is_routed(self, link: Link) -> bool:
        """A link between leaf and spine."""
        return link.far[0] in self.spines

    def uplinks(self, host: Host) -> list[Uplink]:
        return [Uplink('br-phy', BOND, f'02:ee:00:00:{host.number >> 8:02x}:{host.number & 255:02x}', ('up1', 'up2'))]

    def route(self, nodes: dict[str, LabNode], _macs: dict[str, str], directory: str,
              make_directory: Callable[[str], None]) -> None:
        """Addresses of leaves and spines, their FRR, and the leaves' VRRP."""
        self._directory = directory
        for number, name in enumerate(self.node_names(), 1):
            own = {link.far[1]: link.address(True) for link in self.links if self._is_routed(link) and link.far[0] == name}
            own.update({link.near[1]: link.address(False) for link in self.links if self._is_routed(link) and link.near[0] == name})
            router_id = f'100.65.0.{number}'
            lines = ['link set lo up', f'addr add {router_id}/32 dev lo']
            passive = ['lo']
            for interface, address in own.items():
                lines += [f'addr add {address}/31 dev {interface}', f'link set {interface} up']
            rogue = next(link for link in self.links if link.near[0] == 'rogue')
            if name == rogue.far[0]:
                lines += [f'addr add {rogue.address(True)}/31 dev rogue', 'link set rogue up']
                passive.append('rogue')
            router = None
            if name in self.leaves:
                router = self._router(name)
                lines += self._segment_lines(name, router)
                passive.append(SEGMENT)
            nodes[name].script(
                NO_IPV6 + 'sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0'
                ' net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0'
                ' net.ipv4.fib_multipath_hash_policy=1 net.ipv4.conf.all.ignore_routes_with_linkdown=1\n' + batch(lines)
                # the routers' own packets (BFD is UDP) would leave with unfinished checksums, which Open vSwitch drops
                + 'for i in $(ls /sys/class/net); do [ $i = lo ] || ethtool -K $i tx off >/dev/null; done\n')
            frr.start(nodes[name], frr.Speaker(router_id, own, passive, redistribute=('kernel',) if router else ()),
                      f'{directory}/{name}-frr', make_directory)
            if router is not None:
                vrrp.start(nodes[name], router, f'{directory}/{name}-vrrp', make_directory)

    def _router(self, leaf: str) -> vrrp.Router:
        place = self.leaves.index(leaf)
        return vrrp.Router(place // 2 + 1, self._gateway(place // 2), SEGMENT, PEER, 200 - 100 * (place % 2))

    def _segment_lines(self, leaf: str, router: vrrp.Router) -> list[str]:
        """`ip` lines that make a leaf's part of its rack's segment, with the VTEPs behind it."""
        place = self.leaves.index(leaf)
        rack = place // 2
        ports = [PEER, *(link.far[1] for link in self.links if link.far[0] == leaf and link.near[0] in self.topology.hosts)]
        lines = [f'link add {SEGMENT} mtu {self.topology.mtu} address 02:ee:04:00:00:{place:02x} type bridge mcast_snooping 0']
        for port in ports:
            lines += [f'link set {port} up master {SEGMENT}']
        lines += [f'addr add 172.31.{rack}.{2 + place % 2}/24 dev {SEGMENT}', f'link set {SEGMENT} up']
        for host in self.topology.hosts.values():
            if self._rack(host) == rack:
                address, (uplink,) = self._segment_address(host), self.uplinks(host)
                # known beforehand: a question that is lost while the bond goes over is asked again a second later
                lines += [f'neigh replace {address} lladdr {uplink.mac} dev {SEGMENT} nud permanent',
                          f'route add {host.vtep}/32 via {address} dev {SEGMENT}']
        return lines + vrrp.prepare(router)

    def addresses(self, host: Host) -> list[str]:
        """`ip` lines that give a hypervisor its address on the segment, its VTEP, and the gateway as its only next hop."""
        return [f'addr add {self._segment_address(host)}/24 dev br-phy', f'addr add {host.vtep}/32 dev br-phy',
                'link set br-phy up', f'route add default via {self._gateway(self._rack(host))} dev br-phy src {host.vtep}']

    def speak(self, host: Host, node: LabNode) -> None:
        """A hypervisor speaks no routing protocol here."""

    def settle(self, nodes: dict[str, LabNode]) -> None:
        """Waits until each pair has one master, every leaf has a route to every VTEP, and every hypervisor is answered by
        every other's VTEP: OSPF computes paths some time after an adjacency."""
        deadline = time.monotonic() + CONVERGED_SECONDS
        while not self.converged(nodes) or self._unreached(nodes):
            if time.monotonic() > deadline:
                raise LabError(f'the leaf pairs are not whole after {CONVERGED_SECONDS:.0f} s: {self._unreached(nodes)}')
            time.sleep(0.1)

    def _unreached(self, nodes: dict[str, LabNode]) -> list[str]:
        """Hypervisors' VTEPs that some leaf has no route to."""
        vteps = [host.vtep for host in self.topology.hosts.values()]
        routes = [nodes[leaf].script('ip route show').split() for leaf in self.leaves]
        return [vtep for vtep in vteps if not all(vtep in known for known in routes)]

    def neighbours(self, host: Host, _macs: dict[str, str]) -> dict[str, str]:
        """IP to MAC of the gateway: it is the same MAC whichever leaf is master."""
        rack = self._rack(host)
        return {self._gateway(rack): vrrp.virtual_mac(rack + 1)}

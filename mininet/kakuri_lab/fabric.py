"""What the fabrics of leaves and spines have in common: two spines, racks with two leaves each, hypervisors with an uplink to
both leaves of their rack, and somebody else behind the first leaf. Link n has the addresses 2n and 2n+1 of 100.64.0.0/16.
"""
from dataclasses import dataclass

from .nodes import LabNode
from .topology import Host, Topology
from .underlay import ROGUE_MAC, batch, router_mac

SPINES = 2
CONVERGED_SECONDS = 60.0


@dataclass(frozen=True)
class Link:
    """A link between two nodes; `near` is the lower one (hypervisor before leaf before spine)."""
    number: int
    near: tuple[str, str]  # node, interface
    far: tuple[str, str]

    @property
    def name(self) -> str:
        return f'{self.near[0]}-{self.far[0]}'

    def address(self, far: bool) -> str:
        value = 2 * self.number + (1 if far else 0)
        return f'100.64.{value >> 8}.{value & 255}'


class Fabric:
    """Nodes and links; what they say to each other is each fabric's own."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.racks = min(2, len(topology.hosts))
        self.spines = [f'spine{n}' for n in range(1, SPINES + 1)]
        self.leaves = [f'leaf{n}' for n in range(1, 2 * self.racks + 1)]
        self.links: list[Link] = []
        for leaf in self.leaves:
            for spine in self.spines:
                self._link((leaf, f'to-{spine}'), (spine, f'to-{leaf}'))
        for host in topology.hosts.values():
            for side in (1, 2):
                self._link((host.name, f'up{side}'), (f'leaf{2 * self._rack(host) + side}', f'h{host.number}'))

    def _link(self, near: tuple[str, str], far: tuple[str, str]) -> None:
        self.links.append(Link(len(self.links), near, far))

    def _link_rogue(self) -> None:
        self._link(('rogue', 'eth0'), ('leaf1', 'rogue'))

    def _rack(self, host: Host) -> int:
        return (host.number - 1) % self.racks

    def node_names(self) -> list[str]:
        return [*self.spines, *self.leaves]

    def link_ends(self, element: str) -> list[tuple[tuple[str, str], tuple[str, str]]]:
        """The links of an element: of a node all, `near-far` one. The element's own end comes second."""
        ends = []
        for link in self.links:
            if element in (link.name, link.far[0]):
                ends.append((link.near, link.far))
            elif element == link.near[0]:
                ends.append((link.far, link.near))
        return ends

    def carried(self, nodes: dict[str, LabNode]) -> dict[str, int]:
        """Octets that each link has carried, both ways."""
        counts: dict[str, int] = {}
        for name in self.node_names():
            # name of an interface first, then octets received, and eight columns on, sent (proc(5), net/dev)
            rows = [line.replace(':', ' ').split() for line in nodes[name].script('cat /proc/net/dev').splitlines()]
            octets = {row[0]: int(row[1]) + int(row[9]) for row in rows[2:]}
            counts.update({link.name: octets[link.far[1]] for link in self.links if link.far[0] == name})
        return counts

    def host_end(self, host: str) -> tuple[str, str]:
        """The fabric's end of a hypervisor's first uplink."""
        return next(link.far for link in self.links if link.near == (host, 'up1'))

    def wire(self, nodes: dict[str, LabNode]) -> None:
        """Makes the links, each end in its namespace from the start."""
        mtu = self.topology.mtu
        for link in self.links:
            (near, near_if), (far, far_if) = link.near, link.far
            address = f'address {ROGUE_MAC} ' if near == 'rogue' else ''
            nodes[far].script(batch([f'link add {far_if} mtu {mtu} address {router_mac(link.number)} type veth'
                                     f' peer name {near_if} mtu {mtu} {address}netns {nodes[near].pid}']))

    def family(self, _device: str) -> str:
        return ''

    def rogue_lines(self) -> list[str]:
        link = next(link for link in self.links if link.near[0] == 'rogue')
        return ['link set lo up', f'addr add {self.topology.rogue}/32 dev eth0',
                f'addr add {link.address(False)}/31 dev eth0', 'link set eth0 up',
                f'route add default via {link.address(True)} dev eth0 src {self.topology.rogue}']

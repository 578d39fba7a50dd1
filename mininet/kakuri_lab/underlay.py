"""The network between the hypervisors: one bridge (`switched`) or one router with a /31 per hypervisor (`routed`).

Port pN of the fabric leads to up0 of hypervisor number N, port rogue to eth0 of the rogue: a machine on the underlay
that is no hypervisor. MACs are fixed, so every neighbour is known beforehand. (`leaf-spine` is in leaf_spine.py,
`leaf-pair` in leaf_pair.py.)
"""
from dataclasses import dataclass
from typing import Callable

from .nodes import LabNode
from .topology import Host, Topology
from .yaml_core import TopologyError

ROGUE_MAC = '02:ee:02:00:00:01'
LINK_NET = '100.64'  # routed: hypervisor N has 100.64.x.y/31 with x.y = 2N + 1, the router 2N; the rogue is N = 0


def router_mac(number: int) -> str:
    return f'02:ee:01:00:{number >> 8:02x}:{number & 255:02x}'


def link_address(number: int, router: bool) -> str:
    value = 2 * number + (0 if router else 1)
    return f'{LINK_NET}.{value >> 8}.{value & 255}'


@dataclass(frozen=True)
class Uplink:
    """A way out of a hypervisor: the bridge with the address, its port to the fabric, and the bridge's MAC."""
    bridge: str
    interface: str
    mac: str
    members: tuple[str, ...] = ()  # of a bond, which the port is then

    @property
    def interfaces(self) -> tuple[str, ...]:
        return self.members or (self.interface,)


class Underlay:
    """Addresses and commands of one kind of underlay."""

    def __init__(self, kind: str, topology: Topology) -> None:
        if kind == 'routed' and topology.ipv6:
            raise TopologyError('the routed underlay of the lab is IPv4: take the switched one for IPv6 VTEPs')
        self.kind = kind
        self.topology = topology

    def node_names(self) -> list[str]:
        return ['fabric']

    def link_ends(self, element: str) -> list[tuple[tuple[str, str], tuple[str, str]]]:
        """(near, far) ends of the links of an element that may fail: here only a hypervisor has one."""
        if element not in self.topology.hosts:
            return []
        return [((element, 'up0'), self.host_end(element))]

    def carried(self, nodes: dict[str, LabNode]) -> dict[str, int]:
        """Octets by link; here none is looked at."""
        return {}

    def converged(self, nodes: dict[str, LabNode]) -> bool:
        """Whether all routes are as after the start: here they stand still."""
        return True

    def host_end(self, host: str) -> tuple[str, str]:
        """The fabric's end (node, interface) of a hypervisor's uplink."""
        return 'fabric', f'p{self.topology.hosts[host].number}'

    def uplinks(self, host: Host) -> list[Uplink]:
        return [Uplink('br-phy', 'up0', f'02:ee:00:00:{host.number >> 8:02x}:{host.number & 255:02x}')]

    def wire(self, nodes: dict[str, LabNode]) -> None:
        """Makes the links, each end in its namespace from the start, and brings the fabric up."""
        mtu, fabric = self.topology.mtu, nodes['fabric']
        ends = [(f'p{host.number}', host.number, 'up0', nodes[host.name], '') for host in self.topology.hosts.values()]
        ends.append(('rogue', 0, 'eth0', nodes['rogue'], f'address {ROGUE_MAC}'))
        lines = ['link set lo up']
        if self.kind == 'switched':
            lines.append('link add br0 type bridge mcast_snooping 0')
        for port, number, peer, node, extra in ends:
            lines.append(f'link add {port} mtu {mtu} address {router_mac(number)} type veth'
                         f' peer name {peer} mtu {mtu} {extra} netns {node.pid}')
            lines.append(f'link set {port} up' + (' master br0' if self.kind == 'switched' else ''))
        if self.kind == 'switched':
            lines.append('link set br0 up')
        fabric.script(NO_IPV6 + batch(lines))

    def route(self, nodes: dict[str, LabNode], macs: dict[str, str], _directory: str,
              _make_directory: Callable[[str], None]) -> None:
        """Routed: addresses, routes and neighbours of the router, once the hypervisors' MACs (by name) are known."""
        if self.kind != 'routed':
            return
        lines: list[str] = []
        for name, vtep, number in [(h.name, h.vtep, h.number) for h in self.topology.hosts.values()]:
            lines += self._router_lines(f'p{number}', number, vtep, macs[name])
        lines += self._router_lines('rogue', 0, self.topology.rogue, ROGUE_MAC)
        ports = ' '.join(['rogue', *(f'p{h.number}' for h in self.topology.hosts.values())])
        nodes['fabric'].script(
            'sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0\n'
            # the router's own TCP and UDP would leave with unfinished checksums, which userspace OVS drops
            f'for p in {ports}; do ethtool -K $p tx off >/dev/null; done\n' + batch(lines))

    def _router_lines(self, port: str, number: int, vtep: str, mac: str) -> list[str]:
        neighbour = link_address(number, False)
        return [f'addr add {link_address(number, True)}/31 dev {port}',
                f'neigh replace {neighbour} lladdr {mac} dev {port} nud permanent',
                f'route add {vtep}/32 via {neighbour} dev {port}']

    def family(self, device: str) -> str:
        """Shell text that lets the kernel have IPv6 on `device`, where the tunnels go over it."""
        return f'sysctl -qw net.ipv6.conf.{device}.disable_ipv6=0\n' if self.topology.ipv6 else ''

    def addresses(self, host: Host) -> list[str]:
        """`ip` lines that give br-phy of a hypervisor its addresses and routes (arp_notify tells the others)."""
        return self._end_lines('br-phy', host.vtep, host.number)

    def speak(self, host: Host, node: LabNode) -> None:
        """Starts what finds the hypervisor's routes: here they stand still."""

    def settle(self, nodes: dict[str, LabNode]) -> None:
        """Waits until the routes are found: here they are given."""

    def rogue_lines(self) -> list[str]:
        return ['link set lo up', *self._end_lines('eth0', self.topology.rogue, 0)]

    def _end_lines(self, device: str, address: str, number: int) -> list[str]:
        if self.kind == 'switched':
            nodad = ' nodad' if self.topology.ipv6 else ''
            return [f'addr add {address}/{self.topology.prefix.prefixlen} dev {device}{nodad}',
                    f'link set {device} up']
        return [f'addr add {address}/32 dev {device}', f'addr add {link_address(number, False)}/31 dev {device}',
                f'link set {device} up',
                f'route add default via {link_address(number, True)} dev {device} src {address}']

    def neighbours(self, host: Host, macs: dict[str, str]) -> dict[str, str]:
        """IP to MAC of every next hop that the tunnels of `host` can have."""
        if self.kind == 'routed':
            return {link_address(host.number, True): router_mac(host.number)}
        others = {h.vtep: macs[h.name] for h in self.topology.hosts.values() if h is not host}
        return {**others, self.topology.rogue: ROGUE_MAC}


NO_IPV6 = 'sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1\n'


def batch(lines: list[str]) -> str:
    """Shell text that runs `ip` commands in one process and fails with the first that fails."""
    return "ip -batch - <<'LINES'\n" + '\n'.join(lines) + '\nLINES\n'

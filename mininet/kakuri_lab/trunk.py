"""The switch that joins the hypervisors' trunks, where the topology has some: VLANs without tunnels.

It learns MAC addresses for each VLAN by itself, as a bought one does; a kernel bridge without VLAN filtering would learn
one address for all VLANs, and two tenants with one MAC address would break each other. So it is an Open vSwitch of its
own in namespace `vlans`, with the action NORMAL and no controller. Port pN leads to the trunk of hypervisor number N, port
rogue to eth1 of the rogue. Each zone of the file has a bridge of its own, and nothing leads from one to another; the rogue
is in the first host's.
"""
import shutil

from .nodes import LabNode
from .ovs import Ovs
from .topology import Host, Topology
from .underlay import NO_IPV6, Uplink, batch

NODE = 'vlans'
BRIDGE = 'br-vlan'
ROGUE = ('eth1', '02:ee:02:00:00:02')
MAC = '02:ee:03:00:00:01'


class Trunks:
    """The switch, and the links to it."""

    def __init__(self, topology: Topology, node: LabNode, directory: str) -> None:
        self.hosts = [host for host in topology.hosts.values() if host.trunk]
        self.mtu = topology.mtu
        self.node = node
        self.ports = [*(f'p{host.number}' for host in self.hosts), 'rogue']
        self.bridges = _bridges(self.hosts)
        socket = f'{directory}/db.sock'
        place = Host(NODE, 0, f'unix:{socket}', '', directory)
        uplinks = [Uplink(bridge, ports[0], f'{MAC[:-1]}{number}')
                   for number, (bridge, ports) in enumerate(self.bridges.items(), 1)]
        self.ovs = Ovs(node, place, [f'punix:{socket}'], socket, uplinks)

    def wire(self, nodes: dict[str, LabNode], template: str) -> None:
        """Makes the links, each end in its namespace from the start, and the switch's empty database."""
        ends = [(port, nodes[host.name], host.trunk, '') for port, host in zip(self.ports, self.hosts)]
        ends.append(('rogue', nodes['rogue'], ROGUE[0], f'address {ROGUE[1]}'))
        lines = ['link set lo up']
        for port, node, peer, extra in ends:
            lines.append(f'link add {port} mtu {self.mtu} type veth peer name {peer} mtu {self.mtu} {extra}'
                         f' netns {node.pid}')
            lines.append(f'link set {port} up')
        self.node.script(NO_IPV6 + batch(lines) + ''.join(f'ethtool -K {p} tx off >/dev/null\n' for p in self.ports))
        nodes['rogue'].script(NO_IPV6 + f'ip link set {ROGUE[0]} up\nethtool -K {ROGUE[0]} tx off >/dev/null\n')
        shutil.copy(template, f'{self.ovs.host.rundir}/conf.db')

    def start(self) -> None:
        """Starts the switch, with all its ports."""
        self.ovs.start()
        for bridge, ports in self.bridges.items():
            for port in ports[1:]:
                self.ovs.vsctl(['add-port', bridge, port])


def _bridges(hosts: list[Host]) -> dict[str, list[str]]:
    """The switch's bridges, each with its ports: one for every zone, in the order of the hosts."""
    zones = list(dict.fromkeys(host.zone for host in hosts))
    names = [BRIDGE if number == 1 else f'{BRIDGE}-{number}' for number in range(1, len(zones) + 1)]
    ports = [[f'p{host.number}' for host in hosts if host.zone == zone] for zone in zones]
    return dict(zip(names, [[*ports[0], 'rogue'], *ports[1:]]))

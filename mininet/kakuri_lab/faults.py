"""Faults on a hypervisor's uplink or a VM's link: silent loss, random loss, loss of carrier.

Loss is an nft netdev egress rule at the sending end, because userspace OVS reads an interface before any ingress hook
could drop. (`delay` would need netem.)
"""
from .lab import Lab
from .nodes import LabError, LabNode


class Faults:
    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def inject(self, kind: str, host: str | None, vm: str | None, percent: int, direction: str) -> None:
        """kind `loss`: drops `percent` of what goes `to` the host (or VM), comes `from` it, or `both`.
        kind `carrier`: the link goes down at the far end."""
        near, far = self._ends(host, vm)
        if kind == 'carrier':
            far[0].script(f'ip link set {far[1]} down')
            return
        if kind != 'loss' or direction not in ('to', 'from', 'both') or not 0 < percent <= 100:
            raise LabError(f'no fault {kind} {direction} {percent} %')
        rule = 'drop' if percent == 100 else f'numgen random mod 100 < {percent} drop'
        for name, (node, interface) in {'to': far, 'from': near}.items():
            if direction in (name, 'both'):
                self._clear(node, interface)
                chain = f'type filter hook egress device "{interface}" priority 0; policy accept; {rule};'
                node.script(f"nft -f - <<'TABLE'\ntable netdev {table(interface)} {{ chain out {{ {chain} }}\n}}\nTABLE")

    def heal(self, host: str | None, vm: str | None) -> None:
        """Takes all faults off the link. No error when there are none."""
        for node, interface in self._ends(host, vm):
            self._clear(node, interface)
            node.script(f'ip link set {interface} up')

    def _clear(self, node: LabNode, interface: str) -> None:
        name = table(interface)
        node.script(f"nft -f - <<'TABLE'\nadd table netdev {name}\ndelete table netdev {name}\nTABLE")

    def _ends(self, host: str | None, vm: str | None) -> tuple[tuple[LabNode, str], tuple[LabNode, str]]:
        """The end at the host or VM, and the other end."""
        if host is not None and vm is None and host in self.lab.topology.hosts:
            number = self.lab.topology.hosts[host].number
            return (self.lab.nodes[host], 'up0'), (self.lab.nodes['fabric'], f'p{number}')
        if vm is not None and host is None and vm in self.lab.topology.vms:
            machine = self.lab.topology.vms[vm]
            return (self.lab.nodes[vm], 'eth0'), (self.lab.nodes[machine.host], machine.tap)
        raise LabError('a fault needs one host or one vm of the topology')


def table(interface: str) -> str:
    """The nft table of an interface: one per interface, so that faults come and go on their own."""
    return 'fault_' + ''.join(c if c.isalnum() else '_' for c in interface)

"""Faults on a hypervisor's uplinks, a VM's link or an element of the fabric: silent loss, random loss, loss of carrier.

Loss is an nft netdev egress rule at the sending end, because userspace OVS reads an interface before any ingress hook
could drop. (`delay` would need netem.)
"""
from .lab import Lab
from .nodes import LabError, LabNode

# a node, and the interface there
End = tuple[LabNode, str]


class Faults:
    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def inject(self, kind: str, element: str | None, vm: str | None, percent: int, direction: str) -> None:
        """kind `loss`: drops `percent` of what goes `to` the element (or VM), comes `from` it, or `both`.
        kind `carrier`: the links go down at the far end. An element is a host, or a node or link of the fabric."""
        for near, far in self._ends(element, vm):
            self._inject(kind, near, far, percent, direction)

    def _inject(self, kind: str, near: End, far: End, percent: int, direction: str) -> None:
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

    def heal(self, element: str | None, vm: str | None) -> None:
        """Takes all faults off the links. No error when there are none."""
        for node, interface in (end for ends in self._ends(element, vm) for end in ends):
            self._clear(node, interface)
            node.script(f'ip link set {interface} up')

    def _clear(self, node: LabNode, interface: str) -> None:
        name = table(interface)
        node.script(f"nft -f - <<'TABLE'\nadd table netdev {name}\ndelete table netdev {name}\nTABLE")

    def _ends(self, element: str | None, vm: str | None) -> list[tuple[End, End]]:
        """Of each link the end at the element or VM, and the other end."""
        nodes = self.lab.nodes
        if vm is not None and element is None and vm in self.lab.topology.vms:
            machine = self.lab.topology.vms[vm]
            return [((nodes[vm], 'eth0'), (nodes[machine.host], machine.tap))]
        ends = self.lab.underlay.link_ends(element) if element is not None and vm is None else []
        if not ends:
            raise LabError('a fault needs one vm, or one host or element of the underlay')
        return [((nodes[a], i), (nodes[b], j)) for (a, i), (b, j) in ends]


def table(interface: str) -> str:
    """The nft table of an interface: one per interface, so that faults come and go on their own."""
    return 'fault_' + ''.join(c if c.isalnum() else '_' for c in interface)

"""A VM that migrates as libvirt does it: the destination's port is there before the VM is.

The guest gets a bridge with its MAC and addresses, and one leg to each hypervisor where it may be; one leg at a time is
up, as the VM runs at one place at a time. Its sockets stay, as they do in a VM that is copied.
"""
from dataclasses import dataclass, field

from .lab import Lab, deaf
from .nodes import LabError
from .topology import Vm
from .underlay import batch

BRIDGE = 'vm0'
FORWARDING = 3  # BR_STATE_FORWARDING of linux/if_bridge.h


@dataclass
class Leg:
    """One link between the VM and a hypervisor."""
    guest: str
    tap: str


@dataclass
class Mobile:
    """One VM's legs, by hypervisor."""
    lab: Lab
    vm: Vm
    legs: dict[str, Leg] = field(default_factory=dict)

    def grow(self, host: str) -> Leg:
        """The leg to a hypervisor, made (and down) when it is not there yet. The first call makes the bridge."""
        if not self.legs:
            self._make_bridge()
        if host in self.legs:
            return self.legs[host]
        number = len(self.legs)
        leg = Leg(f'eth{number}', f'm{number}-{self.vm.tap}'[:15])
        guest, target = self.lab.nodes[self.vm.iface_id], self.lab.nodes[host]
        guest.script(batch([
            f'link add {leg.guest} address 02:99:00:00:{self.vm.number:02x}:{number:02x} mtu {self.vm.mtu} type veth '
            f'peer name {leg.tap} mtu {self.vm.mtu} netns {target.pid}',
            f'link set {leg.guest} master {BRIDGE}'])
            + f'ethtool -K {leg.guest} tx off tso off gso off >/dev/null')
        target.script(f'ip link set {leg.tap} up\n' + deaf([(leg.tap, f'm{number}v{self.vm.number}')]))
        self.legs[host] = leg
        return leg

    def cut_over(self, host: str) -> None:
        """From now on the VM is on this hypervisor."""
        if host not in self.legs:
            raise LabError(f'{self.vm.iface_id} has no leg to {host}')
        down = [f'link set {leg.guest} down' for other, leg in self.legs.items() if other != host]
        guest = self.legs[host].guest
        # The kernel lets a bridge's port forward a moment after its link is up: an announcement before that would be lost.
        forwarding = f'[ "$(cat /sys/class/net/{guest}/brport/state)" = {FORWARDING} ]'
        self.lab.nodes[self.vm.iface_id].script(
            batch([*down, f'link set {guest} up'])
            + f'\nfor i in $(seq 2000); do {forwarding} && exit 0; sleep 0.001; done; echo "{guest} does not forward"; exit 1')

    def _make_bridge(self) -> None:
        vm = self.vm
        lines = ['addr flush dev eth0', 'link set eth0 down', f'link set eth0 address 02:99:00:00:{vm.number:02x}:00',
                 f'link add {BRIDGE} address {vm.mac} type bridge forward_delay 0 mcast_snooping 0',
                 f'link set eth0 master {BRIDGE}', 'link set eth0 up', f'link set {BRIDGE} mtu {vm.mtu} up']
        lines += [f'addr add {a} dev {BRIDGE}' + (' nodad' if ':' in a else '') for a in vm.addresses]
        self.lab.nodes[vm.iface_id].script(batch(lines) + f'ethtool -K {BRIDGE} tx off tso off gso off >/dev/null')
        self.legs[vm.host] = Leg('eth0', vm.tap)

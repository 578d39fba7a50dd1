"""VRRP in a node: keepalived gives one of a pair of leaves the gateway address of their segment, and its virtual MAC.

The virtual MAC (RFC 5798, 7.3) is that of a macvlan over the segment's bridge, made down; whoever becomes master takes it
up, and whoever is master no longer takes it down. (FRR's vrrpd leaves the backup's macvlan up and only marks it as
without carrier: the kernel takes packets by it all the same, and both leaves of a pair forwarded what one was sent.)
A leaf without routes counts for less: one that comes back has its links before its routes, and one may lose its uplinks
alone.
"""
import os
from dataclasses import dataclass
from typing import Callable

from .nodes import LabNode

PROGRAM = '/usr/sbin/keepalived'
ADVERTISEMENT = 0.1  # seconds; three that are missing and a skew below one make the backup master
INTERFACE = 'vrrp4'
CHECK = '#!/bin/sh\nip route show proto ospf | grep -q via\n'
ROUTELESS = -150  # what a leaf's priority is less while it has no routes by OSPF
# a router's control plane has a processor of its own, which guests at work do not slow down
NICE = -15


@dataclass(frozen=True)
class Router:
    """One of the routers that share an address."""
    number: int  # VRID, one a segment
    address: str
    segment: str  # the bridge
    peer: str  # its port to the other router
    priority: int


def virtual_mac(number: int) -> str:
    return f'00:00:5e:00:01:{number:02x}'


def installed() -> bool:
    return os.path.exists(PROGRAM)


def prepare(router: Router) -> list[str]:
    """`ip` lines that make the interface with the virtual MAC, down."""
    return [f'link add {INTERFACE} link {router.segment} address {virtual_mac(router.number)} type macvlan mode bridge',
            f'addr add {router.address}/32 dev {INTERFACE}']


def start(node: LabNode, router: Router, directory: str, make_directory: Callable[[str], None]) -> None:
    """Starts keepalived in `node`, where `prepare` has been done. It ends with the node's namespace."""
    make_directory(directory)
    path = f'{directory}/keepalived.conf'
    check = f'{directory}/has-routes'
    become = {True: f'{directory}/master', False: f'{directory}/backup'}
    scripts = {check: CHECK, **{become[is_master]: _hand_over(router, is_master) for is_master in become}}
    for name, text in {path: configuration(node.name, router, check, become), **scripts}.items():
        with open(name, 'w', encoding='ascii') as file:
            file.write(text)
        os.chmod(name, 0o644 if name == path else 0o755)
    # the kernel announces the address when the interface goes up, and leaves answers to the interface that has it
    node.script(f'sysctl -qw net.ipv4.conf.{INTERFACE}.arp_notify=1 net.ipv4.conf.all.arp_ignore=1\n'
                f'nice -n {NICE} {PROGRAM} --vrrp -f {path} -p {directory}/keepalived.pid -r {directory}/vrrp.pid'
                ' --no-syslog')


def is_master(node: LabNode) -> bool:
    flags = node.script(f'ip -o link show {INTERFACE}').partition('<')[2].partition('>')[0]
    return 'UP' in flags.split(',')


def _hand_over(router: Router, is_master: bool) -> str:
    """What a leaf does when it becomes master, or is it no longer. That the virtual MAC was behind the other leaf the new
    master's bridge would forget a second after that leaf's link is gone."""
    forget = f'bridge fdb del {virtual_mac(router.number)} dev {router.peer} master 2>/dev/null\n' if is_master else ''
    return (f'#!/bin/sh\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\nip link set {INTERFACE} {"up" if is_master else "down"}\n'
            f'{forget}exit 0\n')


def configuration(name: str, router: Router, check: str, become: dict[bool, str]) -> str:
    leave = ''.join(f'  notify_{state} {become[False]}\n' for state in ('backup', 'fault', 'stop'))
    return (f'global_defs {{\n  router_id {name}\n  vrrp_version 3\n  script_user root\n}}\n'
            f'vrrp_script has_routes {{\n  script {check}\n  interval 1\n  rise 2\n  fall 1\n  weight {ROUTELESS}\n}}\n'
            f'vrrp_instance segment{router.number} {{\n  state BACKUP\n  interface {router.segment}\n'
            f'  virtual_router_id {router.number}\n  priority {router.priority}\n  advert_int {ADVERTISEMENT}\n'
            # keepalived wants an address of its own to manage; on lo nobody asks for it
            f'  virtual_ipaddress {{\n    {router.address}/32 dev lo scope host\n  }}\n'
            '  track_script {\n    has_routes\n  }\n'
            f'  notify_master {become[True]}\n{leave}}}\n')

"""FRR in a node: zebra, bfdd and ospfd with run directories of their own, so that any number run side by side.

One configuration file a daemon: each rejects what is another's, and an `exit` after a rejected block leaves the
configuration. BFD tells OSPF of a silent neighbour; without it the dead interval (4 s) would.
"""
import os
import shutil
from dataclasses import dataclass
from typing import Callable, Sequence

from .nodes import LabNode

DAEMONS = ('zebra', 'bfdd', 'ospfd')
LIBRARY = '/usr/lib/frr'
BFD_MS = 100  # transmit and receive interval; detection after three
# a router's control plane has a processor of its own, which guests at work do not slow down
NICE = -15


@dataclass
class Speaker:
    """What a node says by OSPF: over which interfaces (name to its own address there), and what else it announces."""
    router_id: str
    interfaces: dict[str, str]
    passive: Sequence[str] = ()  # interfaces whose addresses are announced, with nobody to speak to
    redistribute: Sequence[str] = ()  # routes of others that it announces
    transit: bool = True  # False: nobody's packets go through it (RFC 6987), and of equal paths it takes one


def start(node: LabNode, speaker: Speaker, directory: str, make_directory: Callable[[str], None]) -> None:
    """Starts the three daemons in `node`. They end with its namespace."""
    make_directory(directory)
    texts = {'zebra': '', 'bfdd': bfdd(), 'ospfd': ospfd(speaker)}
    for daemon in DAEMONS:
        path = f'{directory}/{daemon}.conf'
        with open(path, 'w', encoding='ascii') as file:
            file.write(texts[daemon])
        shutil.chown(path, 'frr', 'frr')
    shutil.chown(directory, 'frr', 'frr')
    lines = []
    for daemon in DAEMONS:
        control = f' --bfdctl {directory}/bfdd.sock' if daemon == 'bfdd' else ''
        lines.append(f'nice -n {NICE} {LIBRARY}/{daemon} -d -u frr -g frr -f {directory}/{daemon}.conf -i {directory}/{daemon}.pid'
                     f' -z {directory}/zserv.api --vty_socket {directory} -A 127.0.0.1 -P 0'
                     f' --log file:{directory}/{daemon}.log{control}')
    node.script('\n'.join(lines))


def watched_adjacencies(node: LabNode, directory: str) -> int:
    """How many OSPF neighbours of the node hold the same database, each with a BFD session that is up: 0 until every
    session is. A session starts with a packet a second (RFC 5880, 6.8.3), so it can come up seconds after the adjacency
    it watches; a silent fault in between is seen by the dead interval only."""
    done = node.run(['vtysh', '--vty_socket', directory, '-c', 'show ip ospf neighbor', '-c', 'show bfd peers brief'])
    full = done.stdout.count('Full/')
    return full if done.stdout.split().count('up') == full else 0


def installed() -> bool:
    return all(os.path.exists(f'{LIBRARY}/{daemon}') for daemon in DAEMONS)


def bfdd() -> str:
    return (f'bfd\n profile fast\n  transmit-interval {BFD_MS}\n  receive-interval {BFD_MS}\n'
            '  detect-multiplier 3\n exit\nexit\n')


def ospfd(speaker: Speaker) -> str:
    text = ''
    for name, address in speaker.interfaces.items():
        text += (f'interface {name}\n ip ospf network point-to-point\n ip ospf area 0 {address}\n ip ospf hello-interval 1\n'
                 ' ip ospf dead-interval 4\n ip ospf retransmit-interval 1\n ip ospf bfd\n ip ospf bfd profile fast\nexit\n')
    for name in speaker.passive:
        text += f'interface {name}\n ip ospf area 0\n ip ospf passive\nexit\n'
    text += (f'router ospf\n ospf router-id {speaker.router_id}\n timers throttle spf 10 50 500\n'
             # an LSA that comes sooner than min-arrival after the one before is lost until it is sent again: seconds
             ' timers lsa min-arrival 5\n timers throttle lsa all 50\n')
    for kind in speaker.redistribute:
        text += f' redistribute {kind}\n'
    if not speaker.transit:
        # Open vSwitch does not take up a route with several next hops
        text += ' max-metric router-lsa administrative\n maximum-paths 1\n'
    return text + 'exit\n'

"""Every VM sends to every address of the topology, all the time; what arrives anywhere says who sent it.

The frames are made here and leave by AF_PACKET, so neither ARP nor a guest's own kernel has a part: a frame to each MAC
that any VM has, and one to all. What bears the mark and arrives at another tenant's VM is a stray, whatever the reason;
what arrives at a VM of the sender's own network is remembered by pair, with the time at which it was sent. A frame
that arrives twice is a repeat, one that comes back to its sender has gone around in a loop; both are counted.
"""
import os
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Sequence

from .netns import inside
from .ping import checksum
from .topology import Vm
from .wire import packet_socket

MARK = struct.Struct('!8sHIQ')  # run, sender, round, microseconds
BROADCAST = b'\xff' * 6
ETH_P_ALL = 3
STRAYS_KEPT = 20
HEADERS = 14 + 20 + 8  # octets before the mark: Ethernet, IPv4, UDP


@dataclass
class Pair:
    """What one VM got from another, by frames to it alone and by frames to all. Seconds of time.time()."""
    sent: dict[str, float] = field(default_factory=dict)  # when what arrived last was sent, by 'unicast' and 'broadcast'
    count: int = 0


class Crossfire:
    """Running from construction until `stop`; `report` may be asked any time."""

    def __init__(self, vms: Sequence[Vm], places: Sequence[tuple[int, str]], interval: float) -> None:
        """`places`: of each VM the pid and the interface."""
        self.vms = vms
        self.run = os.urandom(8)
        self.interval = interval
        self.rounds = 0
        self.pairs: dict[tuple[int, int], Pair] = {}
        self.strays: list[dict[str, Any]] = []
        self.stray_count = 0
        self.repeats: list[dict[str, Any]] = []
        self.repeat_count = 0
        self.returned = 0
        self._seen: set[tuple[int, int, int, bytes]] = set()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._sockets = [inside(pid, lambda name=name: packet_socket(name, ETH_P_ALL)) for pid, name in places]
        targets = {(vm.mac, ip) for vm in vms for ip in vm.ips if ':' not in ip}
        self._frames = [[frame(vm, mac_octets(mac), ip) for mac, ip in sorted(targets) if mac != vm.mac]
                        + [frame(vm, BROADCAST, '255.255.255.255')] for vm in vms]
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._send, self._receive)]
        for thread in self._threads:
            thread.start()

    def _send(self) -> None:
        while not self._stop.is_set():
            begin = time.monotonic()
            for index, frames in enumerate(self._frames):
                for head in frames:
                    mark = MARK.pack(self.run, index, self.rounds & 0xffffffff, int(time.time() * 1e6))
                    try:
                        self._sockets[index].send(head + mark)
                    except OSError:
                        continue  # its link is away in the middle of a move
            self.rounds += 1
            self._stop.wait(max(0.0, begin + self.interval - time.monotonic()))

    def _receive(self) -> None:
        by_descriptor = {opened.fileno(): (index, opened) for index, opened in enumerate(self._sockets)}
        while not self._stop.is_set():
            ready, _, _ = select.select(by_descriptor, [], [], 0.05)
            for descriptor in ready:
                index, opened = by_descriptor[descriptor]
                octets, address = opened.recvfrom(2048)
                if address[2] != socket.PACKET_OUTGOING:
                    self._count(index, octets)

    def _count(self, receiver: int, octets: bytes) -> None:
        at = octets.find(self.run)
        if at < 0 or len(octets) < at + MARK.size:
            return
        _, sender, turn, micros = MARK.unpack_from(octets, at)
        if sender >= len(self.vms):
            return
        a, b = self.vms[sender], self.vms[receiver]
        with self._lock:
            if (a.tenant, a.network) != (b.tenant, b.network):
                self.stray_count += 1
                if len(self.strays) < STRAYS_KEPT:
                    self.strays.append({'from': a.iface_id, 'to': b.iface_id, 'at': time.time(), 'hex': octets.hex()})
                return
            if at != HEADERS:
                return  # inside an ICMP error, which the receiver's kernel sent back
            if sender == receiver:
                self.returned += 1
            this = (sender, receiver, turn, octets[:6])
            if this in self._seen:
                self.repeat_count += 1
                if len(self.repeats) < STRAYS_KEPT:
                    self.repeats.append({'from': a.iface_id, 'to': b.iface_id, 'at': time.time(), 'hex': octets.hex()})
            self._seen.add(this)
            pair = self.pairs.setdefault((sender, receiver), Pair())
            pair.count += 1
            pair.sent['broadcast' if octets[:6] == BROADCAST else 'unicast'] = micros / 1e6

    def report(self) -> dict[str, Any]:
        """`pairs`: sender, receiver, frames, and when what arrived last was sent (ms of the epoch), to one and to all."""
        with self._lock:
            names = [vm.iface_id for vm in self.vms]
            pairs = [{'from': names[a], 'to': names[b], 'frames': pair.count,
                      'unicast': round(pair.sent.get('unicast', 0) * 1000, 3),
                      'broadcast': round(pair.sent.get('broadcast', 0) * 1000, 3)}
                     for (a, b), pair in self.pairs.items()]
            return {'rounds': self.rounds, 'sent': self.rounds * sum(len(frames) for frames in self._frames),
                    'repeatCount': self.repeat_count, 'repeats': list(self.repeats), 'returned': self.returned,
                    'strayCount': self.stray_count, 'strays': list(self.strays), 'pairs': pairs,
                    'now': round(time.time() * 1000, 3)}

    def stop(self) -> dict[str, Any]:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        for opened in self._sockets:
            opened.close()
        return self.report()


def mac_octets(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(':', ''))


def frame(vm: Vm, target: bytes, ip: str) -> bytes:
    """An Ethernet frame from a VM to an address, up to where the mark stands: UDP without a checksum, port 9."""
    source = bytes(int(part) for part in next(a for a in vm.ips if ':' not in a).split('.'))
    to = bytes(int(part) for part in ip.split('.'))
    length = 8 + MARK.size
    header = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + length, 0, 0, 64, 17, 0, source, to)
    header = header[:10] + struct.pack('!H', checksum(header)) + header[12:]
    return target + mac_octets(vm.mac) + b'\x08\x00' + header + struct.pack('!HHHH', 9, 9, length, 0)

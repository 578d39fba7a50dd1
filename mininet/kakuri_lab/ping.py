"""ICMP echo from inside a VM, by raw sockets of the lab's own process: no process per ping, exact times.

ARP, ICMP and IP are the guest kernel's; only the echo requests are made here. A longest gap below some 60 ms cannot be
told from the noise of a busy machine.
"""
import os
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from .netns import inside

ECHO_REQUEST, ECHO_REPLY = 8, 0


@dataclass
class Prober:
    """One stream of echo requests from the namespace of `pid` to `target`; `run` blocks until it is over."""
    pid: int
    target: str
    interval: float  # seconds
    count: int | None = None  # None: until `stop`
    timeout: float = 1.0  # seconds to wait for replies after the last request
    stop: threading.Event = field(default_factory=threading.Event)
    sent: dict[int, float] = field(default_factory=dict)
    received: dict[int, float] = field(default_factory=dict)
    duplicates: int = 0
    errors: int = 0

    def run(self) -> dict[str, Any]:
        icmp = inside(self.pid, lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
        ident = struct.unpack('!H', os.urandom(2))[0]
        with icmp:
            icmp.setblocking(False)
            following = time.monotonic()
            while not self.stop.is_set() and (self.count is None or len(self.sent) < self.count):
                self._send(icmp, ident, len(self.sent))
                following = max(following + self.interval, time.monotonic())
                self._receive(icmp, ident, following)
            end = time.monotonic() + self.timeout
            while len(self.received) < len(self.sent) and time.monotonic() < end:
                self._receive(icmp, ident, min(end, time.monotonic() + 0.05), all_of=len(self.sent))
        return self.result()

    def _send(self, icmp: socket.socket, ident: int, number: int) -> None:
        body = struct.pack('!BBHHHI', ECHO_REQUEST, 0, 0, ident, number & 0xffff, number) + bytes(48)
        packet = body[:2] + struct.pack('!H', checksum(body)) + body[4:]
        self.sent[number] = time.monotonic()
        try:
            icmp.sendto(packet, (self.target, 0))
        except OSError:
            self.errors += 1  # no route, or ARP failed before: counts as sent and lost

    def _receive(self, icmp: socket.socket, ident: int, until: float, all_of: int | None = None) -> None:
        while True:
            wait = until - time.monotonic()
            ready, _, _ = select.select([icmp], [], [], max(0.0, wait))
            if not ready:
                return
            packet, (source, _) = icmp.recvfrom(2048)
            now = time.monotonic()
            header = (packet[0] & 15) * 4
            if source != self.target or len(packet) < header + 12:
                continue
            kind, _, _, got, _, number = struct.unpack_from('!BBHHHI', packet, header)
            if kind != ECHO_REPLY or got != ident or number not in self.sent:
                continue
            if number in self.received:
                self.duplicates += 1
            self.received.setdefault(number, now)
            if len(self.received) == all_of:
                return

    def result(self) -> dict[str, Any]:
        """Counts, round-trip times in order of sending, and the longest time without a reply (ms), which counts the
        wait before the first reply and after the last one."""
        arrivals = sorted(self.received.values())
        first, last = min(self.sent.values(), default=0.0), max(self.sent.values(), default=0.0)
        marks = [first, *arrivals, max([last, *arrivals])]
        gaps = [b - a for a, b in zip(marks, marks[1:])]
        rtts = [(self.received[n] - t) * 1000 for n, t in self.sent.items() if n in self.received]
        return {'sent': len(self.sent), 'received': len(self.received), 'duplicates': self.duplicates,
                'errors': self.errors, 'rtts': [round(r, 3) for r in rtts],
                'longestGapMs': round(max(gaps, default=0.0) * 1000, 3)}


def checksum(octets: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    total: int = sum(struct.unpack(f'!{len(octets) // 2}H', octets))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff

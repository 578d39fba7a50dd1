"""Pings between many pairs at once, with one socket per node: who got an answer, and who got the request.

Tenants may use the same addresses, so an answer does not say who gave it: a ping of red's VM to the address of a VM of
blue may be answered by a VM of red, or by the sender's own kernel. `arrived` counts requests that came to the very VM
that the pair names. Every packet bears a number of this run and of its pair, so nothing else is counted.
"""
import os
import select
import socket
import struct
import time
from dataclasses import dataclass, field
from typing import Any, Sequence

from .netns import inside
from .ping import ECHO_REPLY, ECHO_REQUEST, checksum

LAYOUT = struct.Struct('!8sII')  # run, pair, sequence number


@dataclass
class Pair:
    """One way of the matrix: from the namespace of a process to an address; `target`: the one it should reach."""
    source: int
    address: str
    target: int | None
    sent: dict[int, float] = field(default_factory=dict)
    received: dict[int, float] = field(default_factory=dict)
    arrived: set[int] = field(default_factory=set)

    def result(self) -> dict[str, Any]:
        rtts = [(self.received[n] - at) * 1000 for n, at in self.sent.items() if n in self.received]
        return {'sent': len(self.sent), 'received': len(self.received), 'arrived': len(self.arrived),
                'rtts': [round(r, 3) for r in rtts]}


class Matrix:
    """A run over `pairs`."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self.pairs = pairs
        self.run_id = os.urandom(8)
        self.sockets: dict[int, socket.socket] = {}
        for pid in {p.source for p in pairs} | {p.target for p in pairs if p.target is not None}:
            self.sockets[pid] = inside(
                pid, lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
            self.sockets[pid].setblocking(False)
        self.owner = {s.fileno(): pid for pid, s in self.sockets.items()}

    def run(self, count: int, interval: float, timeout: float, pause: float = 0.0003) -> list[dict[str, Any]]:
        """`count` rounds, `interval` seconds apart, over all pairs, `pause` between packets (a burst would overrun
        the switches); then waits `timeout` for what is missing. Results in the order of the pairs."""
        try:
            for number in range(count):
                begin = time.monotonic()
                for index in range(len(self.pairs)):
                    self._send(index, number)
                    self._receive(time.monotonic() + pause)
                self._receive(begin + interval)
            end = time.monotonic() + timeout
            while time.monotonic() < end and any(len(p.received) < len(p.sent) for p in self.pairs):
                self._receive(min(end, time.monotonic() + 0.02))
            return [p.result() for p in self.pairs]
        finally:
            for opened in self.sockets.values():
                opened.close()

    def _send(self, index: int, number: int) -> None:
        pair = self.pairs[index]
        body = struct.pack('!BBHHH', ECHO_REQUEST, 0, 0, index & 0xffff, number & 0xffff)
        body += LAYOUT.pack(self.run_id, index, number) + bytes(40)
        pair.sent[number] = time.monotonic()
        try:
            self.sockets[pair.source].sendto(body[:2] + struct.pack('!H', checksum(body)) + body[4:], (pair.address, 0))
        except OSError:
            return  # no route, or nobody answered ARP: sent and not received

    def _receive(self, until: float) -> None:
        while True:
            ready, _, _ = select.select(self.owner, [], [], max(0.0, until - time.monotonic()))
            if not ready:
                return
            for descriptor in ready:
                pid = self.owner[descriptor]
                self._count(pid, self.sockets[pid].recv(2048))

    def _count(self, pid: int, packet: bytes) -> None:
        header = (packet[0] & 15) * 4
        if len(packet) < header + 8 + LAYOUT.size:
            return
        run_id, index, number = LAYOUT.unpack_from(packet, header + 8)
        if run_id != self.run_id or index >= len(self.pairs):
            return
        pair, kind = self.pairs[index], packet[header]
        if kind == ECHO_REQUEST and pid == pair.target:
            pair.arrived.add(number)
        elif kind == ECHO_REPLY and pid == pair.source:
            pair.received.setdefault(number, time.monotonic())

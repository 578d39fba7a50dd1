"""Frames as they are: sending any octets from an interface, and capturing at one, by AF_PACKET sockets.

A capture sees both directions and marks each frame `in` (the interface received it) or `out`.
"""
import select
import socket
import threading
import time
from typing import Any, Sequence

from .netns import inside

ETH_P_ALL = 3
SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC = 263, 1, 1
SO_RCVBUFFORCE = 33


def send_frames(pid: int, interface: str, frames: Sequence[bytes], count: int, interval: float) -> int:
    """Sends all frames `count` times, `interval` seconds between rounds; how many left."""
    packet = inside(pid, lambda: packet_socket(interface, 0))
    with packet:
        for round_number in range(count):
            if round_number and interval:
                time.sleep(interval)
            for frame in frames:
                packet.send(frame)
    return count * len(frames)


class Capture:
    """Frames at an interface, from construction to `stop`."""

    def __init__(self, pid: int, interface: str) -> None:
        self._frames: list[dict[str, Any]] = []
        self._ended = threading.Event()
        self._socket = inside(pid, lambda: packet_socket(interface, ETH_P_ALL))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            ready, _, _ = select.select([self._socket], [], [], 0.02)
            if ready:
                frame, address = self._socket.recvfrom(65536)
                self._frames.append({'t': time.time(), 'hex': frame.hex(),
                                     'dir': 'out' if address[2] == socket.PACKET_OUTGOING else 'in'})
            elif self._ended.is_set():
                return

    def stop(self) -> list[dict[str, Any]]:
        """Frames so far, in order; what had arrived when this was called is among them."""
        self._ended.set()
        self._thread.join()
        self._socket.close()
        return self._frames


def packet_socket(interface: str, protocol: int) -> socket.socket:
    """Sends and, with a protocol, hears everything at an interface of the thread's namespace."""
    packet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    packet.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
    packet.bind((interface, protocol))
    if protocol:
        member = socket.if_nametoindex(interface).to_bytes(4, 'little') + PACKET_MR_PROMISC.to_bytes(2, 'little') + bytes(10)
        packet.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, member)
    return packet

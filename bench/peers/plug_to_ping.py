"""Times a port addition: one JSON request a line on stdin, one JSON answer a line on stdout.

Request {"pid": P, "target": IP, "argv": [...]}: from the network namespace of process P, an echo request goes to `target`
each millisecond; then `argv` (an ovs-vsctl that plugs the port in) is started. Answer: milliseconds from that start to
the first reply ("pingMs"), or {"error": ...}.

One thread, one clock, no process a ping: the same for every system that is measured.
"""
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time
from typing import Any, Sequence

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'mininet'))

from kakuri_lab.netns import inside  # noqa: E402  (found by the line above)
from kakuri_lab.ping import ECHO_REPLY, ECHO_REQUEST, checksum  # noqa: E402

INTERVAL = 0.001  # seconds between echo requests: the resolution of the figure
LEAD = 0.1  # seconds of requests before the command, which must all stay unanswered
PATIENCE = 20.0  # seconds until a port counts as never reached


class Failed(Exception):
    """The addition could not be measured; the message says why."""


class Stream:
    """Echo requests from one namespace to one address."""

    def __init__(self, pid: int, target: str) -> None:
        self.icmp = inside(pid, lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
        self.icmp.setblocking(False)
        self.target = target
        self.ident = struct.unpack('!H', os.urandom(2))[0]
        self.number = 0
        self.due = time.monotonic()

    def reply_before(self, until: float) -> float | None:
        """Sends on until then; the time of the first reply, which ends it, or None."""
        while True:
            now = time.monotonic()
            if now >= until:
                return None
            if now >= self.due:
                self._send()
                self.due = max(self.due + INTERVAL, now)
            ready, _, _ = select.select([self.icmp], [], [], max(0.0, min(self.due, until) - time.monotonic()))
            arrival = time.monotonic()
            if ready and self._is_reply(self.icmp.recv(2048)):
                return arrival

    def _send(self) -> None:
        self.number = (self.number + 1) & 0xffff
        head = struct.pack('!BBHHH', ECHO_REQUEST, 0, 0, self.ident, self.number)
        total = checksum(head + bytes(48))
        try:
            self.icmp.sendto(head[:2] + struct.pack('!H', total) + head[4:] + bytes(48), (self.target, 0))
        except BlockingIOError:
            pass  # the queue of the unplugged port is full: this request is lost, the next one counts

    def _is_reply(self, packet: bytes) -> bool:
        header = (packet[0] & 15) * 4
        if len(packet) < header + 8:
            return False
        kind, _, _, ident, _ = struct.unpack_from('!BBHHH', packet, header)
        return bool(kind == ECHO_REPLY and ident == self.ident)


def measure(pid: int, target: str, argv: Sequence[str]) -> dict[str, float]:
    """One addition. Raises Failed, or OSError."""
    stream = Stream(pid, target)
    with stream.icmp:
        if stream.reply_before(time.monotonic() + LEAD) is not None:
            raise Failed(f'{target} answers before the port is plugged in')
        start = time.monotonic()
        command = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        reply = stream.reply_before(start + PATIENCE)
        _, errors = command.communicate(timeout=PATIENCE)
        if command.returncode != 0:
            raise Failed(f'{argv[0]}: {errors.decode(errors="replace").strip()}')
        if reply is None:
            raise Failed(f'no reply from {target} within {PATIENCE:.0f} s')
        return {'pingMs': (reply - start) * 1000}


def main() -> None:
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        try:
            answer: dict[str, Any] = dict(measure(**request))
        except (Failed, OSError, subprocess.TimeoutExpired) as error:
            answer = {'error': str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == '__main__':
    main()

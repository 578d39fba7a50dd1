"""New TCP connections a second: one JSON request a line on stdin, one JSON answer a line on stdout.

Request {"from": P, "to": Q, "ip": IP, "seconds": S}: from the network namespace of process P, TCP connections to `ip` in
that of process Q are made one after the other, each closed by a reset (so that no port rests in TIME_WAIT), for S seconds.
Answer {"perSecond": N}, or {"error": ...}. A child accepts, so that the two ends do not wait for each other's interpreter.
"""
import json
import os
import signal
import socket
import struct
import sys
import time
from typing import Any

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'mininet'))

from kakuri_lab.netns import inside  # noqa: E402  (found by the line above)

RESET = struct.pack('ii', 1, 0)  # SO_LINGER: on, for no time


def accept_for_ever(server: socket.socket) -> None:
    """The child: takes connections and lets them go until it is ended, or its parent is gone."""
    server.settimeout(1)
    parent = os.getppid()
    while os.getppid() == parent:
        try:
            server.accept()[0].close()
        except OSError:
            continue


def connect_for(seconds: float, address: tuple[str, int]) -> int:
    """Connections made one after the other in that time."""
    count = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as client:
            client.settimeout(2)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            client.connect(address)
        count += 1
    return count


def measure(source: int, target: int, ip: str, seconds: float) -> float:
    server = inside(target, socket.socket)
    with server:
        server.bind(('', 0))
        server.listen(128)
        child = os.fork()
        if child == 0:
            accept_for_ever(server)
            os._exit(0)
        try:
            address = (ip, server.getsockname()[1])
            return inside(source, lambda: connect_for(seconds, address)) / seconds
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def main() -> None:
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        try:
            rate = measure(request['from'], request['to'], request['ip'], request['seconds'])
            answer: dict[str, Any] = {'perSecond': rate}
        except OSError as error:
            answer = {'error': str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == '__main__':
    main()

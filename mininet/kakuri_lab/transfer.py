"""TCP between two VMs, with sockets of the lab's own process made in their namespaces."""
import socket
import threading
import time
from typing import Any

from .netns import inside


def transfer(source: int, target: int, ip: str, seconds: float, size: int | None, timeout: float) -> dict[str, Any]:
    """Connects from the namespace of pid `source` to `ip`, where pid `target` listens, and sends for `seconds`, or
    `size` octets. `connected` is false when there was no connection within `timeout` seconds, with the reason."""
    family = socket.AF_INET6 if ':' in ip else socket.AF_INET
    server = inside(target, lambda: socket.socket(family, socket.SOCK_STREAM))
    client = inside(source, lambda: socket.socket(family, socket.SOCK_STREAM))
    received = [0]
    with server, client:
        server.bind(('', 0))
        server.listen(1)
        server.settimeout(timeout + 0.5)
        sink = threading.Thread(target=_sink, args=(server, received, timeout + seconds + 5))
        sink.start()
        client.settimeout(timeout)
        begin = time.monotonic()
        try:
            client.connect((ip, server.getsockname()[1]))
        except OSError as error:
            server.shutdown(socket.SHUT_RDWR)  # wakes the sink
            sink.join()
            return {'connected': False, 'error': str(error), 'bytes': 0, 'seconds': 0.0}
        connected = time.monotonic()
        sent = _pump(client, seconds, size)
        client.shutdown(socket.SHUT_WR)
        sink.join()
        return {'connected': True, 'connectMs': round((connected - begin) * 1000, 3), 'sent': sent,
                'bytes': received[0], 'seconds': round(time.monotonic() - connected, 3)}


def _pump(client: socket.socket, seconds: float, size: int | None) -> int:
    block = bytes(65536)
    sent = 0
    end = time.monotonic() + seconds
    try:
        while (sent < size) if size is not None else (time.monotonic() < end):
            sent += client.send(block[:size - sent] if size is not None else block)
    except TimeoutError:
        return sent  # stalled: the result shows fewer octets
    return sent


def _sink(server: socket.socket, received: list[int], timeout: float) -> None:
    try:
        connection, _ = server.accept()
    except OSError:
        return  # nobody came
    with connection:
        connection.settimeout(timeout)
        try:
            while chunk := connection.recv(1 << 18):
                received[0] += len(chunk)
        except OSError:
            return  # the count so far is the result

"""Watches a VM migrate: a frame each millisecond one way to it, one as often between two VMs that stay, and a TCP connection.

One JSON request a line on stdin, one JSON answer a line on stdout:

{"do": "start", "probe": PATH, "noise": PATH, "tcp": {"from": PID, "to": PID, "ip": IP}}, where a PATH is {"from": PID,
"to": PID, "interface": NAME, "src": [MAC, IP], "dst": [MAC, IP]}: sends from the namespace of one process, hears at
an interface in that of the other. Answer {"ok": 1}.

{"do": "take", "window": S}: what happened around the RARP that the migrating VM has sent since the last request:
"gapMs": the longest time without an arrival from the RARP to S seconds later, "noiseMs": the same of the pair that
stays, "duplicates": frames that arrived more than once, "lost": frames that never did, "broken": 1 when the TCP
connection has ended or moved no octet since. Times are the kernel's stamps of arrival, one clock for all.
"""
import json
import os
import select
import socket
import struct
import sys
import threading
import time
from typing import Any

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'mininet'))

from kakuri_lab.netns import inside  # noqa: E402  (found by the line above)
from kakuri_lab.ping import checksum  # noqa: E402
from kakuri_lab.wire import packet_socket  # noqa: E402

INTERVAL = 0.001
TCP_INTERVAL = 0.005
TCP_CHUNK = bytes(1000)
RARP = b'\x80\x35'
SO_TIMESTAMPNS = 35
ETH_P_ALL = 3
MARK = struct.Struct('!8sI')
TIMESPEC = struct.Struct('@qq')


class Failed(Exception):
    """It could not be measured; the message says why."""


def octets(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(':', ''))


class Path:
    """Numbered frames one way, and what arrived of them: (time, number)."""

    def __init__(self, path: dict[str, Any]) -> None:
        self.run = os.urandom(8)
        self.sender = inside(path['from'], lambda: packet_socket('eth0', 0))
        self.receiver = inside(path['to'], lambda: packet_socket(path['interface'], ETH_P_ALL))
        self.receiver.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.number = 0
        self.arrivals: list[tuple[float, int]] = []
        self.rarps: list[float] = []
        (src_mac, src_ip), (dst_mac, dst_ip) = path['src'], path['dst']
        length = 8 + MARK.size
        header = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + length, 0, 0, 64, 17, 0,
                             socket.inet_aton(src_ip), socket.inet_aton(dst_ip))
        header = header[:10] + struct.pack('!H', checksum(header)) + header[12:]
        # port 9 is nobody's: the guest's kernel may answer, which is not looked at
        self.head = octets(dst_mac) + octets(src_mac) + b'\x08\x00' + header + struct.pack('!HHHH', 9, 9, length, 0)

    def send(self) -> None:
        self.number += 1
        self.sender.send(self.head + MARK.pack(self.run, self.number))

    def receive(self) -> None:
        data, ancillary, _, address = self.receiver.recvmsg(2048, 64)
        stamp = next(TIMESPEC.unpack(value[:TIMESPEC.size]) for _, kind, value in ancillary if kind == SO_TIMESTAMPNS)
        at = stamp[0] + stamp[1] / 1e9
        if address[2] == socket.PACKET_OUTGOING:
            if data[12:14] == RARP:
                self.rarps.append(at)
        elif data[:len(self.head)] == self.head:
            run, number = MARK.unpack_from(data, len(self.head))
            if run == self.run:
                self.arrivals.append((at, number))


def longest_gap(arrivals: list[tuple[float, int]], begin: float, end: float) -> float:
    """Milliseconds, the time before the first arrival and after the last one included."""
    marks = [begin, *(at for at, _ in arrivals if begin <= at <= end), end]
    return max(b - a for a, b in zip(marks, marks[1:])) * 1000


class Tcp:
    """A connection with a little traffic all the time."""

    def __init__(self, source: int, target: int, ip: str) -> None:
        listener = inside(target, lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        listener.bind(('', 0))
        listener.listen(1)
        self.client = inside(source, lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        self.client.settimeout(10)
        self.client.connect((ip, listener.getsockname()[1]))
        self.server, _ = listener.accept()
        listener.close()
        self.received = 0
        self.taken = 0
        self.ended = False
        for work in (self._send, self._receive):
            threading.Thread(target=work, daemon=True).start()

    def _send(self) -> None:
        try:
            while True:
                self.client.sendall(TCP_CHUNK)
                time.sleep(TCP_INTERVAL)
        except OSError:
            self.ended = True

    def _receive(self) -> None:
        try:
            while chunk := self.server.recv(65536):
                self.received += len(chunk)
        except OSError:
            pass  # the same as an end
        self.ended = True

    def broken(self) -> bool:
        moved = self.received > self.taken
        self.taken = self.received
        return self.ended or not moved


class Watch:
    """Everything that goes on, from construction to the end of the process."""

    def __init__(self, probe: dict[str, Any], noise: dict[str, Any], tcp: dict[str, Any]) -> None:
        self.probe, self.noise = Path(probe), Path(noise)
        self.tcp = Tcp(tcp['from'], tcp['to'], tcp['ip'])
        for work in (self._send, self._receive):
            threading.Thread(target=work, daemon=True).start()

    def _send(self) -> None:
        due = time.monotonic()
        while True:
            for path in (self.probe, self.noise):
                path.send()
            due = max(due + INTERVAL, time.monotonic() - 5 * INTERVAL)
            time.sleep(max(0.0, due - time.monotonic()))

    def _receive(self) -> None:
        paths = {path.receiver.fileno(): path for path in (self.probe, self.noise)}
        while True:
            for descriptor in select.select(paths, [], [])[0]:
                paths[descriptor].receive()

    def take(self, window: float) -> dict[str, Any]:
        if len(self.probe.rarps) != 1:
            raise Failed(f'{len(self.probe.rarps)} RARPs since the last request, not one')
        rarp = self.probe.rarps[0]
        time.sleep(max(0.0, rarp + window + 0.05 - time.time()))
        arrivals, noise = self.probe.arrivals, self.noise.arrivals
        numbers = [number for _, number in arrivals]
        answer = {'gapMs': longest_gap(arrivals, rarp, rarp + window),
                  'noiseMs': longest_gap(noise, rarp, rarp + window),
                  'duplicates': len(numbers) - len(set(numbers)),
                  'lost': max(numbers) - min(numbers) + 1 - len(set(numbers)),
                  'broken': int(self.tcp.broken())}
        self.probe.arrivals, self.noise.arrivals, self.probe.rarps = [], [], []
        return answer


def main() -> None:
    watch: Watch | None = None
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        try:
            do = request.pop('do')
            if do == 'start':
                watch = Watch(**request)
                answer: dict[str, Any] = {'ok': 1}
            elif watch is None:
                raise Failed('nothing has been started')
            else:
                answer = watch.take(**request)
        except (Failed, OSError) as error:
            answer = {'error': str(error)}
        print(json.dumps(answer), flush=True)
    os._exit(0)  # its threads never end by themselves


if __name__ == '__main__':
    main()

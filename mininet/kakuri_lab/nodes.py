"""Mininet nodes of the lab, and running commands in them.

A node is a shell in its own network namespace, as ever in Mininet. Commands of the lab itself do not go through that
shell, which is slow and takes one command at a time, but through `mnexec -a` (`LabNode.script`, `LabNode.run`), so any
number of requests can use a node at once.
"""
import os
import signal
import subprocess
import threading
from dataclasses import dataclass
from typing import Any, Mapping, Sequence

from mininet.link import Intf
from mininet.node import Node


class LabError(Exception):
    """A step of building or using the lab failed; the message says which."""


@dataclass
class Outcome:
    """How a command ended. rc is -1 when it was killed at its timeout."""
    rc: int
    stdout: str
    stderr: str


class LabNode(Node):  # type: ignore[misc]
    """A network namespace with commands that do not block each other."""

    def script(self, text: str, env: Mapping[str, str] | None = None) -> str:
        """Runs a bash script here (`set -e`); its output. Raises LabError with the output when it fails."""
        done = self.run(['bash', '-ec', text], env=env, timeout=60)
        if done.rc != 0:
            raise LabError(f'{self.name}: rc {done.rc}: {done.stderr.strip() or done.stdout.strip()}\n{text}')
        return done.stdout

    def run(self, argv: Sequence[str], env: Mapping[str, str] | None = None, timeout: float = 30,
            stdin: str = '') -> Outcome:
        """Runs a program here. At the timeout (seconds) it is killed with all its children."""
        process = subprocess.Popen(
            ['mnexec', '-a', str(self.pid), *argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, errors='replace', env={**os.environ, **(env or {})},
            start_new_session=True)
        try:
            out, err = process.communicate(stdin, timeout)
            return Outcome(process.returncode, out, err)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            return Outcome(-1, out, err + f'killed after {timeout} s\n')

    def adopt(self, name: str, mac: str | None = None, ip: str | None = None) -> None:
        """Makes Mininet (its CLI: `nodes`, `dump`, `red-vm1 ping red-vm2`) know an interface that is here already."""
        interface = Intf(name, node=self, moveIntfFn=lambda *_: None)
        interface.mac = mac
        if ip:
            interface.ip, interface.prefixLen = ip.split('/')


class Janitor:
    """The lab's end of the janitor's pipe (see janitor.py)."""

    def __init__(self) -> None:
        script = os.path.join(os.path.dirname(__file__), 'janitor.py')
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            ['/usr/bin/python3', '-I', script], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
            start_new_session=True)

    def announce(self, word: str, value: Any) -> None:
        """Says what to clean. To be called before, or with signals blocked around, the making of it."""
        with self._lock:
            pipe = self._process.stdin
            if pipe is None or pipe.closed:
                raise LabError('the lab is being taken down')
            pipe.write(f'{word} {value}\n')
            pipe.flush()

    def clean(self) -> None:
        """Lets the janitor clean and waits until it has."""
        with self._lock:
            if self._process.stdin is not None:
                self._process.stdin.close()
        self._process.wait()

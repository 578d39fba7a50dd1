"""Cleans up after a lab, however the lab ends: a process of its own that outlives it.

The lab announces on the janitor's stdin what it is about to make, one `WORD VALUE` a line (`netns INODE`, `link NAME`,
`dir PATH`, `file PATH`, and `parent PATH` for a directory to remove if it is empty). At end of file, whether the lab
ended, was interrupted or was killed, the janitor kills every process in the announced network namespaces (with its
last process a namespace and all its interfaces go), deletes the links left in this namespace, removes the directories,
and exits. It runs in its own session, so a Ctrl-C to the lab's process group does not reach it, and it is the only
place that cleans.
"""
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import Callable


def namespace_of(pid: str) -> int:
    """Inode of the network namespace of a process; 0 when the process is gone."""
    try:
        return os.stat(f'/proc/{pid}/ns/net').st_ino
    except OSError:
        return 0


def kill_namespaces(namespaces: set[int]) -> None:
    """Kills all processes in the namespaces until two looks in a row find none (a fork may hide from one look)."""
    empty = 0
    deadline = time.monotonic() + 10
    while empty < 2 and time.monotonic() < deadline:
        found = [int(p) for p in os.listdir('/proc') if p.isdigit() and namespace_of(p) in namespaces]
        empty = 0 if found else empty + 1
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.01)


def remove(call: Callable[[str], None], path: str) -> None:
    try:
        call(path)
    except OSError:
        return  # never made, or (a parent) in use by others


def main() -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    own = namespace_of('self')
    made: dict[str, list[str]] = {'netns': [], 'link': [], 'dir': [], 'file': [], 'parent': []}
    for line in sys.stdin:
        word, value = line.rstrip('\n').split(' ', 1)
        made[word].append(value)
    kill_namespaces({int(i) for i in made['netns']} - {0, own})
    for link in made['link']:
        subprocess.run(['ip', 'link', 'del', link], check=False, stderr=subprocess.DEVNULL)
    for directory in reversed(made['dir']):
        shutil.rmtree(directory, ignore_errors=True)
    for file in made['file']:
        remove(os.unlink, file)
    for parent in reversed(made['parent']):
        remove(os.rmdir, parent)


if __name__ == '__main__':
    main()

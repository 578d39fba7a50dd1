"""Sockets inside another network namespace, owned by this process.

setns(2) changes one thread only, so a short-lived thread enters the namespace, opens the socket and ends; the socket
stays in the namespace in which it was made.
"""
import ctypes
import os
import threading
from typing import Callable, TypeVar

CLONE_NEWNET = 0x40000000
T = TypeVar('T')


def inside(pid: int, make: Callable[[], T]) -> T:
    """The result of `make`, run in the network namespace of process `pid`. Raises what `make` raises, or OSError."""
    result: list[T] = []
    failure: list[BaseException] = []

    def enter() -> None:
        try:
            descriptor = os.open(f'/proc/{pid}/ns/net', os.O_RDONLY | os.O_CLOEXEC)
            try:
                libc = ctypes.CDLL(None, use_errno=True)
                if libc.setns(descriptor, CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), f'setns to the namespace of {pid}')
            finally:
                os.close(descriptor)
            result.append(make())
        except BaseException as error:  # handed to the caller's thread below
            failure.append(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return result[0]

"""SIGTERM as an interrupt: what Ctrl-C leaves in order, it leaves in order too."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Terminated(KeyboardInterrupt):
    """An interrupt by a machine: SLURM, a container, torchrun."""


def terminate(*_: object) -> None:
    """The handler of SIGTERM."""
    raise Terminated


@contextmanager
def terminable() -> Iterator[None]:
    """In this block SIGTERM raises, unless someone else handles it."""
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL
    ):
        yield
        return
    signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def told(stop: KeyboardInterrupt) -> tuple[int, str]:
    """The signal behind an interrupt, and what it did."""
    if isinstance(stop, Terminated):
        return signal.SIGTERM, "terminated"
    return signal.SIGINT, "interrupted"

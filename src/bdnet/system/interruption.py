"""SIGTERM as an interrupt: what Ctrl-C leaves in order, it leaves in order too."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Terminated(KeyboardInterrupt):
    """An interrupt by a machine: SLURM, a container, torchrun."""


_heard: list[int] = []  # SIGTERM, in this process


def terminate(number: int, _: object) -> None:
    """The handler of SIGTERM."""
    _heard.append(number)
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
        with unmasked():
            yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _heard.clear()


@contextmanager
def unmasked() -> Iterator[None]:
    """A termination stays one where a library, interrupted, raises something else."""
    try:
        yield
    except Terminated:
        raise
    except BaseException as error:
        if _heard:
            raise Terminated from error
        raise


def told(stop: KeyboardInterrupt) -> tuple[int, str]:
    """The signal behind an interrupt, and what it did."""
    if isinstance(stop, Terminated):
        return signal.SIGTERM, "terminated"
    return signal.SIGINT, "interrupted"

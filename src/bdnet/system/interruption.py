"""SIGTERM as a KeyboardInterrupt, so that it ends a command in order, as Ctrl-C does."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Terminated(KeyboardInterrupt):
    """SIGTERM: from SLURM, a container, torchrun."""


_received: list[int] = []  # a number for each SIGTERM of this process


def terminate(number: int, _: object) -> None:
    """The handler of SIGTERM."""
    _received.append(number)
    raise Terminated


@contextmanager
def sigterm_raises() -> Iterator[None]:
    """In this block SIGTERM raises `Terminated`, unless something else handles it already."""
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL
    ):
        yield
        return
    signal.signal(signal.SIGTERM, terminate)
    try:
        with prefer_termination():
            yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _received.clear()


@contextmanager
def prefer_termination() -> Iterator[None]:
    """Raises `Terminated` where a library turned it into an error of its own."""
    try:
        yield
    except Terminated:
        raise
    except BaseException as error:
        if _received:
            raise Terminated from error
        raise


def signal_of(stop: KeyboardInterrupt) -> tuple[int, str]:
    """The number of the signal behind an interrupt, and a word for what it did."""
    if isinstance(stop, Terminated):
        return signal.SIGTERM, "terminated"
    return signal.SIGINT, "interrupted"

"""SIGTERM interrupts, where nobody else has a use for it."""

import os
import signal
import threading

import pytest

from bdnet.system.interruption import Terminated, signal_of, sigterm_raises


def test_in_the_block_it_raises_and_after_it_all_is_as_before():
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    with pytest.raises(Terminated) as stop, sigterm_raises():
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(5)
    assert signal_of(stop.value) == (15, "terminated")
    assert signal_of(KeyboardInterrupt()) == (2, "interrupted")
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_another_handler_stays():
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        with sigterm_raises():
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]


def test_what_a_library_makes_of_it_is_still_a_termination():
    with pytest.raises(Terminated), sigterm_raises():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            threading.Event().wait(5)
        finally:
            raise AttributeError("half made")
    with pytest.raises(AttributeError), sigterm_raises():
        raise AttributeError("of another cause")

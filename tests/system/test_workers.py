"""Processes that encode or render end with the one that started them."""

import multiprocessing
import os
import signal
import time
import warnings
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from bdnet.system.workers import worker_pool


def work(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def lead(answer: Connection) -> None:
    """Starts two processes, and waits for what never comes."""
    with worker_pool(2) as pool:
        answer.send(list(pool.map(work, [0.5, 0.5])))
        pool.submit(work, 100).result()


def is_alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


seen = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="processes are seen in /proc"
)


@seen
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_they_end_when_it_is_killed_or_interrupted(how: signal.Signals):
    ours, theirs = multiprocessing.Pipe(duplex=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that threads do not survive a fork: none is at work
        leader = multiprocessing.get_context("fork").Process(target=lead, args=(theirs,))
        leader.start()
    workers = set(ours.recv())
    assert workers
    assert all(map(is_alive, workers))
    os.kill(leader.pid, how)
    leader.join(30)
    assert ends(workers)


@seen
def test_one_that_is_told_to_end_does_in_the_middle_of_its_work():
    with worker_pool(1) as pool:
        process = pool.submit(work, 0).result()
        future = pool.submit(work, 100)
        time.sleep(0.5)
        os.kill(process, signal.SIGTERM)
        with pytest.raises((SystemExit, BrokenProcessPool)):
            future.result()
        assert ends({process})


def ends(processes: set[int]) -> bool:
    deadline = time.monotonic() + 30
    while any(map(is_alive, processes)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(is_alive, processes))

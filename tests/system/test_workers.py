"""Workers end with the process that started them."""

import multiprocessing
import os
import signal
import time
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from bdnet.system.workers import worker_pool
from processes import clean_context


def work(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def lead(answer: Connection) -> None:
    """Starts two workers and waits for a result that never comes."""
    with worker_pool(2) as pool:
        answer.send(list(pool.map(work, [0.5, 0.5])))
        pool.submit(work, 100).result()


def is_alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


@needs_proc
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_when_their_parent_is_killed_or_interrupted(how: signal.Signals):
    ours, theirs = multiprocessing.Pipe(duplex=False)
    leader = clean_context().Process(target=lead, args=(theirs,))
    leader.start()
    workers = set(ours.recv())
    assert workers
    assert all(map(is_alive, workers))
    os.kill(leader.pid, how)
    leader.join(30)
    assert ends(workers)


@needs_proc
def test_a_terminated_worker_ends_in_the_middle_of_its_work():
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

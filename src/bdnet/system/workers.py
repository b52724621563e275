"""Worker processes that end with the process that started them."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager


@contextmanager
def worker_pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """A pool whose processes end silently when the main process ends, however that happens."""
    # libraries with their own threads break in forked processes
    spawn = multiprocessing.get_context("spawn")
    before = set(multiprocessing.active_children())
    with ProcessPoolExecutor(processes, mp_context=spawn, initializer=_prepare_worker) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in set(multiprocessing.active_children()) - before:
                process.terminate()
            raise


def _prepare_worker() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _exit_soon)
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_soon(number: int, _: object) -> None:
    """Exits, so that `with` blocks clean up.

    The pool takes that for an error of its job and goes on, so a second later the process is ended.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end = threading.Timer(1.0, os._exit, (128 + number,))
    end.daemon = True
    end.start()
    sys.exit(128 + number)


def _exit_with_parent() -> None:
    """Without this, a worker whose parent was killed would wait for its next job for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)

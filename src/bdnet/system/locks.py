"""Folders that one process at a time works in; the lock dies with its process."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from bdnet.errors import BdnetError

log = logging.getLogger(__name__)


class Busy(BdnetError):
    """Another process is working in this folder."""


@contextmanager
def exclusive(folder: Path, remedy: str = "", wait: bool = False) -> Iterator[None]:
    """Lets one process at a time work in a folder, which is made.

    Its file `.lock` stays: whoever waited for a deleted one would not see the next one.

    remedy: what to do instead of waiting for another process
    wait:   wait for it here
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        if not wait:
            raise Busy(
                f"{folder}: another process is working there; wait for it{remedy}"
            ) from error
        log.info("%s: waiting for another process, which is working there", folder)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()

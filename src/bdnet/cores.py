"""How many cores there are to use."""

import os


def cores() -> int:
    """Those that this process may run on: a job scheduler may have given it a part of them."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

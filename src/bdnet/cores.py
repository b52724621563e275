"""How many cores there are to use, and how many are in use."""

import os


def cores() -> int:
    """Those that this process may run on: a job scheduler may have given it a part of them."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load() -> float:
    """How many of the machine's cores had work in the last minute; 0 where it does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0

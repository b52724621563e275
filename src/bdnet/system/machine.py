"""What this process may use: cores, and how many processes work with it."""

import os

# how many torchrun has started, or srun; 1 in a shell that merely has an allocation
COUNTS = ("WORLD_SIZE", "SLURM_STEP_NUM_TASKS")


def cores() -> int:
    """Those that this process may run on: a job scheduler may have given it a part of them."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load() -> float:
    """How many of the machine's cores had work in the last minute; 0 where it does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def started() -> int:
    """How many processes train together, this one among them."""
    return max(int(os.environ.get(name, "1")) for name in COUNTS)

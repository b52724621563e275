"""Cores of this machine, its load, and the number of processes of a training."""

import os

# set by torchrun and srun; a shell in a SLURM allocation is one process
PROCESS_COUNTS = ("WORLD_SIZE", "SLURM_STEP_NUM_TASKS")


def cores() -> int:
    """Number of cores that this process may run on, which a job scheduler may have limited."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load_average() -> float:
    """Mean number of busy cores in the last minute; 0 where it is unknown."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def process_count() -> int:
    """Number of processes that train together, this one included."""
    return max(int(os.environ.get(name, "1")) for name in PROCESS_COUNTS)

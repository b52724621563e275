"""Sweeps: a failed job does not stop the others, and a needed run is trained by one job only.

Jobs run one after another, or in parallel by Hydra's launchers (joblib, submitit) and by agents of
Weights & Biases. A job waits where it needs a run that another process is training.
"""

import logging
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig

from bdnet.system.files import write

log = logging.getLogger(__name__)

# environment variables that an agent of Weights & Biases sets for a run of its sweep
AGENT = ("WANDB_SWEEP_ID", "WANDB_RUN_ID", "WANDB_SWEEP_PARAM_PATH")


class Failures(Callback):
    """Logs a failed job at once, lets the others go on, and lists all failed ones at the end.

    A Hydra callback works with every sweeper and launcher. Jobs may run on other machines with a
    copy of this object, so a failed one leaves a file in the sweep's folder, which all share.

    then: the advice to log when all jobs have succeeded
    """

    def __init__(self, then: str | None = None) -> None:
        self.sweep, self.then = secrets.token_hex(4), then

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_: Any) -> None:
        if job_return.status != JobStatus.FAILED or config.hydra.mode.name != "MULTIRUN":
            return
        job = " ".join(job_return.overrides or ())
        error = job_return._return_value
        log.error("failed: %s: %s (the other jobs go on)", job, error)
        name = f"failed-{self.sweep}-{config.hydra.job.num:04d}.txt"
        write(_folder(config) / name, f"{job}: {error}".encode())
        # Hydra would end the sweep at the first failed job
        job_return.status, job_return.return_value = JobStatus.COMPLETED, None

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        failed = sorted(_folder(config).glob(f"failed-{self.sweep}-*.txt"))
        if failed:
            lines = [f"  {path.read_text()}" for path in failed]
            for path in failed:
                path.unlink()
            sys.exit(
                "\n".join([f"bdnet {config.hydra.job.name}: {len(lines)} jobs failed:", *lines])
            )
        if self.then is not None and "rehearse=true" not in config.hydra.overrides.task:
            log.info("all jobs are done; next: %s", self.then)


def is_sweep_job() -> bool:
    """Whether this command is a job of a sweep, so that others may run in parallel."""
    return HydraConfig.get().mode == RunMode.MULTIRUN or AGENT[0] in os.environ


@contextmanager
def outside_agent() -> Iterator[None]:
    """Hides an agent of Weights & Biases: runs trained meanwhile are not part of its sweep."""
    hidden = {name: os.environ.pop(name) for name in AGENT if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)
        if hidden and (wandb := sys.modules.get("wandb")) is not None:
            wandb.teardown()  # it reads the environment only once


def _folder(config: DictConfig) -> Path:
    return Path(config.hydra.sweep.dir)

"""Runs that are one of many: what becomes of jobs that fail, and of what several jobs need.

Jobs run one after another, or side by side by Hydra's launchers (joblib, submitit) and the agents
of Weights & Biases. A job that needs a run which another process is at work on waits for it.
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

# by which an agent of Weights & Biases says that the command is a run of its sweep, and which
AGENT = ("WANDB_SWEEP_ID", "WANDB_RUN_ID", "WANDB_SWEEP_PARAM_PATH")


class Failures(Callback):
    """Says at once that a job failed, lets the others go on, and lists the failed ones at the end.

    It is a Hydra callback, so that it works with every sweeper and launcher.

    Jobs may run on other machines, with a copy of this object: a failed one leaves a file in the
    folder that all sweeps over the same runs share.

    then: what to do with the runs, said at the end
    """

    def __init__(self, then: str | None = None) -> None:
        self.sweep, self.then = secrets.token_hex(4), then

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_: Any) -> None:
        if job_return.status != JobStatus.FAILED or config.hydra.mode.name != "MULTIRUN":
            return
        what = " ".join(job_return.overrides or ())
        why = job_return._return_value
        log.error("failed: %s: %s (the other jobs go on)", what, why)
        name = f"failed-{self.sweep}-{config.hydra.job.num:04d}.txt"
        write(_folder(config) / name, f"{what}: {why}".encode())
        # Hydra would end the sweep at the first failed job that it looks at
        job_return.status, job_return.return_value = JobStatus.COMPLETED, None

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        failed = sorted(_folder(config).glob(f"failed-{self.sweep}-*.txt"))
        if failed:
            lines = [f"  {path.read_text()}" for path in failed]
            for path in failed:
                path.unlink()
            sys.exit("\n".join([f"bdnet train: {len(lines)} jobs failed:", *lines]))
        if self.then is not None:
            log.info("all jobs are done; now: %s", self.then)


def is_one_of_many() -> bool:
    """Whether other jobs of the same sweep may run beside this one."""
    return HydraConfig.get().mode == RunMode.MULTIRUN or AGENT[0] in os.environ


@contextmanager
def outside_agent() -> Iterator[None]:
    """What is trained in here is no run of an agent's sweep: it goes by its own name there."""
    hidden = {name: os.environ.pop(name) for name in AGENT if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)
        if hidden and (wandb := sys.modules.get("wandb")) is not None:
            wandb.teardown()  # it reads the environment only once


def _folder(config: DictConfig) -> Path:
    return Path(config.hydra.sweep.dir)

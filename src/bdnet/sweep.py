"""What a sweep does about jobs that fail: says so at once, goes on, and lists them at the end."""

import logging
import sys
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

log = logging.getLogger(__name__)


class Failures(Callback):
    """A Hydra callback, so that it works with every sweeper and launcher.

    Jobs may run on other machines: a failed one leaves a file in the sweep's folder.
    """

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        for path in _folder(config).glob("failed-*.txt"):
            path.unlink()

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_: Any) -> None:
        if job_return.status != JobStatus.FAILED or config.hydra.mode.name != "MULTIRUN":
            return
        what = " ".join(job_return.overrides or ())
        why = job_return._return_value
        log.error("failed: %s: %s (the other jobs go on)", what, why)
        folder = _folder(config)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"failed-{config.hydra.job.num:04d}.txt").write_text(f"{what}: {why}")
        # Hydra would end the sweep at the first failed job that it looks at
        job_return.status, job_return.return_value = JobStatus.COMPLETED, None

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        failed = sorted(_folder(config).glob("failed-*.txt"))
        if failed:
            lines = [f"  {path.read_text()}" for path in failed]
            sys.exit("\n".join([f"bdnet train: {len(lines)} jobs failed:", *lines]))


def _folder(config: DictConfig) -> Path:
    return Path(config.hydra.sweep.dir)

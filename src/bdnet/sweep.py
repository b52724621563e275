"""Runs that are one of many: what becomes of jobs that fail, and of what several jobs need.

The same sweep may run in several shells, on a GPU each or on one: they share out its jobs. A job
whose run another process is at work on is left to that process; at the end the sweep waits for it,
and goes on with it if the other process has not finished it.
"""

import logging
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig

from bdnet.engine.processes import started
from bdnet.records import write

log = logging.getLogger(__name__)

ONE_BY_ONE = "hydra._internal.core_plugins.basic_launcher.BasicLauncher"
DONE = "all jobs are done; now: %s"
# by which an agent of Weights & Biases says that the command is a run of its sweep, and which
AGENT = ("WANDB_SWEEP_ID", "WANDB_RUN_ID", "WANDB_SWEEP_PARAM_PATH")


@dataclass
class Remainder:
    """What a sweep that does its jobs one by one in this process has put off.

    left:    the overrides of jobs whose runs other processes are at work on
    is_last: they come now
    then:    what to do after them
    """

    left: list[list[str]] = field(default_factory=list)
    is_last: bool = False
    then: str | None = None

    def clear(self) -> None:
        self.left, self.is_last, self.then = [], False, None


_remainder = Remainder()


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
        if _remainder.left:
            _remainder.then = self.then
        elif self.then is not None:
            log.info(DONE, self.then)


def is_one_of_many() -> bool:
    """Whether other jobs of the same sweep may run beside this one."""
    return HydraConfig.get().mode == RunMode.MULTIRUN or AGENT[0] in os.environ


def waits() -> bool:
    """Whether a job waits for another process that is at work on its run."""
    return is_one_of_many() or _remainder.is_last


def may_leave() -> bool:
    """Whether this process has other jobs to do before it need wait for another one's run."""
    hydra = HydraConfig.get()
    one_by_one = hydra.mode == RunMode.MULTIRUN and hydra.launcher._target_ == ONE_BY_ONE
    return one_by_one and started() == 1


def leave(folder: Path) -> None:
    """This job's run to the process that is at work on it, until the other jobs are done."""
    log.info("%s: another process is at work on it; the other jobs first", folder)
    _remainder.left.append(list(HydraConfig.get().overrides.task))


def through(program: Callable[[], None]) -> None:
    """Runs the program, a sweep perhaps, then the jobs that it left to other processes."""
    try:
        has_failed = _fails(program)
        _remainder.is_last = True
        while _remainder.left:
            sys.argv[1:] = [*_remainder.left.pop(0), "hydra.mode=RUN"]
            has_failed |= _fails(program)
        if has_failed:
            sys.exit(1)
        if _remainder.then is not None:
            log.info(DONE, _remainder.then)
    finally:
        _remainder.clear()  # whatever this process does next is no part of the sweep


def _fails(program: Callable[[], None]) -> bool:
    """Runs it; whether it ends with a sentence, which is said at once."""
    try:
        program()
    except SystemExit as end:
        if not isinstance(end.code, str):
            raise
        print(end.code, file=sys.stderr)
        return True
    return False


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

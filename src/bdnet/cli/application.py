"""Hydra applications: checks of the command line, error messages, interruption, and --help."""

import functools
import logging
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig
from tqdm import tqdm

from bdnet.cli.arguments import arguments_of, check_arguments
from bdnet.cli.conf import conf_folder, declared
from bdnet.cli.help import print_help
from bdnet.cli.messages import user_message
from bdnet.codec import limits
from bdnet.errors import BdnetError
from bdnet.runs.keys import check_keys
from bdnet.system.interruption import prefer_termination, signal_of, sigterm_raises


def application(
    name: str, resumes: bool = True
) -> Callable[[Callable[[DictConfig], None]], Callable[[], None]]:
    """Makes a function of a configuration the Hydra application `python -m bdnet.<name>`.

    resumes: an interrupted command continues when it is started again
    """

    def decorate(function: Callable[[DictConfig], None]) -> Callable[[], None]:
        @functools.wraps(function)
        def run(config: DictConfig) -> None:
            if multiprocessing.get_start_method(allow_none=True) == "loky":
                # a job of joblib, whose start method its own child processes do not have
                multiprocessing.set_start_method(None, force=True)
            with _sentences(name, in_job=True), prefer_termination():
                check_keys(name, config, declared(name))
                with _picture_limit(config.get("max_pixels")):
                    function(config)

        start = hydra.main(version_base="1.3", config_path=str(conf_folder()), config_name=name)
        program: Callable[[], None] = start(run)

        def application() -> None:
            if print_help(name, sys.argv[1:], conf_folder()):
                return
            check_arguments(name, sys.argv[1:])
            sys.argv[1:] = arguments_of(name, sys.argv[1:])
            try:
                with _sentences(name), sigterm_raises():
                    program()
                    sys.stdout.flush()
            except KeyboardInterrupt as stop:
                hint = "; the same command continues" if resumes else ""
                number, event = signal_of(stop)
                print(f"bdnet {name}: {event}{hint}", file=sys.stderr)
                sys.exit(128 + number)  # the shell's code for a program that a signal ended

        return application

    return decorate


@contextmanager
def _picture_limit(pixels: int | None) -> Iterator[None]:
    """Sets the largest pictures that are decoded, here and in child processes."""
    before = os.environ.get(limits.KEY)
    if pixels is not None:
        os.environ[limits.KEY] = str(pixels)
    try:
        yield
    finally:
        os.environ.pop(limits.KEY, None)
        if before is not None:
            os.environ[limits.KEY] = before


@contextmanager
def _sentences(verb: str, in_job: bool = False) -> Iterator[None]:
    """Ends the program, but no sweep, with a sentence for an error that the user can correct."""
    is_sweep = in_job and HydraConfig.get().mode == RunMode.MULTIRUN  # whose other jobs go on
    try:
        yield
    except SystemExit as end:
        if is_sweep and isinstance(end.code, str):
            raise BdnetError(end.code) from end
        raise
    except BrokenPipeError:  # a reader such as `head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(128 + signal.SIGPIPE)
    except Exception as error:
        message = user_message(error)
        if message is None:
            raise
        if is_sweep:
            raise BdnetError(message) from error
        sys.exit(f"bdnet {verb}: {message}")


class AboveBars(logging.Handler):
    """Writes log lines above a progress bar instead of through it."""

    def emit(self, record: logging.LogRecord) -> None:
        tqdm.write(self.format(record), file=sys.stderr)

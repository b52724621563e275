"""Runs the console command in this process, because a new one spends most time on imports."""

import contextlib
import io
import logging
import sys
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from bdnet.__main__ import main


class Answer(NamedTuple):
    """The exit status and output of a command."""

    returncode: int
    stdout: str
    stderr: str


def command(verb: str, *arguments: str, folder: Path) -> Answer:
    """`bdnet VERB ARGUMENTS` in a folder."""
    out, err, status = io.StringIO(), io.StringIO(), 0
    root, lightning = logging.getLogger(), logging.getLogger("pytorch_lightning")
    handlers, levels = root.handlers[:], (root.level, lightning.level)
    imported = sys.modules.pop(f"bdnet.{verb}", None)  # runpy warns about imported modules
    try:
        with (
            patch.object(sys, "argv", ["bdnet", verb, *arguments]),
            contextlib.chdir(folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            err.write(f"{end.code}\n")
    finally:
        root.handlers[:] = handlers  # Hydra's handlers write to the streams above
        root.level, lightning.level = levels
        if imported is not None:
            sys.modules[f"bdnet.{verb}"] = imported
    return Answer(status, out.getvalue(), err.getvalue())

"""The console command without a process of its own, most of whose time would go into imports."""

import contextlib
import io
import logging
import sys
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from bdnet.__main__ import main


class Answer(NamedTuple):
    """What a command said, and with which status it ended."""

    returncode: int
    stdout: str
    stderr: str


def command(verb: str, *arguments: str, folder: Path) -> Answer:
    """`bdnet VERB ARGUMENTS` in a folder."""
    out, err, status = io.StringIO(), io.StringIO(), 0
    root, lightning = logging.getLogger(), logging.getLogger("pytorch_lightning")
    handlers, levels = root.handlers[:], (root.level, lightning.level)
    known = sys.modules.pop(f"bdnet.{verb}", None)  # it runs as what is not imported yet
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
        root.handlers[:] = handlers  # Hydra's write to the streams above
        root.level, lightning.level = levels
        if known is not None:
            sys.modules[f"bdnet.{verb}"] = known
    return Answer(status, out.getvalue(), err.getvalue())

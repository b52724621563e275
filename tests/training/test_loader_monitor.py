"""A training that waits for clips says so, where more processes would help."""

import logging
import os
import re
from pathlib import Path
from typing import Any

import pytest

import bdnet.data.loading
import bdnet.training.loader_monitor
from bdnet.data.clips import Clips
from bdnet.training.distiller import Distiller
from tiny_training import run, settings

LOOK = [
    "+callbacks.loader_monitor.warmup_batches=1",
    "+callbacks.loader_monitor.measured_batches=4",
]


class Clock:
    """Time goes on where it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def slows(self, owner: type, name: str, seconds: float, patch: pytest.MonkeyPatch) -> None:
        work = getattr(owner, name)

        def slow(*given: Any) -> Any:
            self.now += seconds
            return work(*given)

        patch.setattr(owner, name, slow)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in (bdnet.data.loading, bdnet.training.loader_monitor):
        monkeypatch.setattr(module, "monotonic", clock)
    return clock


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [text for text in caplog.messages if "waiting" in text]


@pytest.mark.parametrize(
    ("clip", "step", "cores", "load", "expected"),
    [
        (3.0, 2.0, 16, 1.5, "75% of .* about 14 of the 16 cores .* data.workers=2 .now 0.$"),
        (3.0, 2.0, 2, 0.5, "75% of .* about 1 of the 2 cores .* data.workers=1 .now 0.$"),
        (1.0, 8.0, 16, 1.5, None),  # a fifth of the time
        (3.0, 2.0, 1, 0.0, None),  # no core is left
        (3.0, 2.0, 16, 15.5, None),  # others are at work on them
    ],
)
def test_what_is_said(
    clip: float,
    step: float,
    cores: int,
    load: float,
    expected: str | None,
    bands: Path,
    tmp_path: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    clock.slows(Clips, "__getitem__", clip, monkeypatch)  # of which a batch has two
    clock.slows(Distiller, "training_step", step, monkeypatch)
    monkeypatch.setattr(bdnet.training.loader_monitor, "cores", lambda: cores)
    monkeypatch.setattr(os, "getloadavg", lambda: (load, load, load))
    caplog.set_level(logging.WARNING)
    run(*settings(bands, tmp_path / "runs"), "validate_every=6", *LOOK)
    if expected is None:
        assert warned(caplog) == []
    else:
        (sentence,) = warned(caplog)
        assert re.match(expected, sentence)

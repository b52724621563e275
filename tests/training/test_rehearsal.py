"""A rehearsal says what runs take, and keeps nothing."""

import logging
from pathlib import Path

import pytest

import bdnet.train  # noqa: F401  # its resolvers
from bdnet.training import rehearsal
from bdnet.training.job import train
from processes import in_processes
from tiny_training import NEEDS_BASE, composed, run, settings


@pytest.fixture(autouse=True)
def _nothing_done(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rehearsal, "DONE", {})


def test_every_needed_run_is_rehearsed_once_and_nothing_is_kept(
    bands: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    given = [*settings(bands, tmp_path), *NEEDS_BASE, "init_from='${folder_of:table2/base}'"]
    caplog.set_level(logging.INFO)
    for steps in (6, 60000):
        with composed(*given, f"steps={steps}", f"name={steps}", "rehearse=true") as (config, _):
            train(config)
    base, short, long = rehearsal.DONE.values()
    assert base.step > 0
    assert 0 <= short.waiting < 1
    assert long.hours > 100 * short.hours
    assert long.disk == short.disk > 0
    assert "these 3 runs together" in caplog.text
    assert not list(tmp_path.iterdir())


def rehearsed(*overrides: str) -> list[int]:
    """The disk that each run takes, in one process of several."""
    with composed(*overrides, "rehearse=true") as (config, _):
        train(config)
    return [done.disk for done in rehearsal.DONE.values()]


@pytest.mark.slow
def test_processes_rehearse_together(bands: Path, tmp_path: Path):
    given = [*settings(bands, tmp_path), *NEEDS_BASE, "data.batch_size=1", "trainer=ddp_cpu"]
    first, second = in_processes(rehearsed, *given)
    assert len(first) == len(second) == 2
    assert all(first)
    assert not list(tmp_path.iterdir())


def test_a_finished_run_takes_nothing_and_a_rehearsed_one_is_the_same_run(
    bands: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    given = settings(bands, tmp_path)
    folder = run(*given)
    caplog.set_level(logging.INFO)
    with composed(*given, "rehearse=true") as (config, _):
        assert Path(config.folder) == folder
        train(config)
    assert f"{folder} is finished already" in caplog.text
    assert rehearsal.DONE == {}

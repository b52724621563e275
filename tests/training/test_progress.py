"""The progress bar says where training stands."""

from pathlib import Path

import pytest
from pytorch_lightning import Trainer

from bdnet.training.distiller import Distiller
from bdnet.training.progress import Progress
from tiny_training import run, settings


def test_a_run_that_goes_on_counts_from_where_it_stands(
    bands: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    seen: list[tuple[float, float | None, float]] = []
    start = Progress.on_train_start

    def note(self: Progress, trainer: Trainer, pl_module: Distiller) -> None:
        start(self, trainer, pl_module)
        bar = self.train_progress_bar
        seen.append((bar.n, bar.total, bar.initial))

    monkeypatch.setattr(Progress, "on_train_start", note)
    given = [*settings(bands, tmp_path / "runs"), "trainer.enable_progress_bar=true"]

    def interrupt(module: Distiller, batch: object, batch_idx: int) -> None:
        if batch_idx == 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises((KeyboardInterrupt, SystemExit)):
        patch.setattr(Distiller, "on_train_batch_start", interrupt)
        run(*given)
    run(*given)
    assert seen == [(0, 6, 0), (4, 6, 4)]

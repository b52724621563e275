"""Reports on Weights & Biases, offline."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bdnet.errors import BdnetError
from bdnet.reports.tables.publish import publish
from bdnet.reports.tables.render import Report
from run_folders import write_run
from test_report import report


def test_a_report_is_published_with_its_files(tmp_path: Path):
    for seed in range(2):
        write_run(tmp_path / "runs", "table2/mv", seed, [0.6, 0.5 + seed / 100])
        write_run(tmp_path / "runs", "figure3/mv", seed, [0.6, 0.5 + seed / 100])
    # a process of its own, at whose end all is written
    done = subprocess.run(
        [*(sys.executable, "-m", "bdnet.report", "table=2", "figure=3"),
         *("logger=wandb", "logger.wandb.offline=true")],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (run,) = (tmp_path / "report/wandb").glob("offline-run-*")
    assert f"on Weights & Biases: wandb sync {run.relative_to(tmp_path)}" in done.stdout
    (table,) = run.glob("files/media/table/tables/table2_0_*.table.json")
    content = json.loads(table.read_text())
    (line,) = (line for line in content["data"] if line[0] == "table2/mv")
    row = dict(zip(content["columns"], line, strict=True))
    assert (row["experiment"], row["seeds"]) == ("table2/mv", 2)
    assert row["avg_k_mean"] == pytest.approx((0.55 + 0.555) / 2)
    assert (row["above"], row["paper_percent"]) == ("table2/single_frame", 63.0)
    (first,) = (line for line in content["data"] if line[0] == "table2/single_frame")
    assert first[content["columns"].index("above")] is None
    assert list(run.glob("files/media/images/figures/figure3_0_*.png"))
    (record,) = run.glob("run-*.wandb")
    stored = record.read_bytes()
    assert b"table2-figure3" in stored  # the artifact
    for name in ("table2.md", "table2.tex", "figure3.pdf", "figure3.csv"):
        assert name.encode() in stored


def test_without_an_account_the_fix_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import wandb

    def refuse(**_: object) -> None:
        raise wandb.errors.UsageError("No API key configured")

    monkeypatch.setattr(wandb, "init", refuse)
    with pytest.raises(BdnetError, match=r"No API key configured; run wandb login, or logger\."):
        publish([Report("", {"table2.csv": b"a\n1\n"})], tmp_path, {"project": "bdnet"})


def test_other_loggers_are_refused(tmp_path: Path):
    answer = report("table=2", "logger=csv", folder=tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.startswith("bdnet report: logger=csv: a report goes to logger=wandb")

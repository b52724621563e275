"""CSVs of results: what is written is what is read, and damage is named."""

from pathlib import Path

import pytest

from bdnet.reports.tables.collect import collect
from bdnet.reports.tables.errors import BadRuns
from bdnet.reports.tables.evaluations import at, widest
from bdnet.reports.tables.measures import measures
from bdnet.reports.tables.results_csv import results_csv
from run_folders import make_scores, write_evaluation, write_run

NINE = {"name": "streets", "split": "test", "targets": 9}
VIDEO = {"miou": 0.4, "tailing_error": 0.3, "smear": None, "consistency": {"8": 0.9}}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """The CSV of three runs, one of which was evaluated at another interval too."""
    write_run(tmp_path, "table2/mv", 0, [0.5, 1 / 3], scores=make_scores([0.5, 1 / 3], video=VIDEO))
    folder = write_run(tmp_path, "table2/mv", 1, [0.5, None])
    write_evaluation(
        folder, [0.5, 0.4, 0.3], data={"name": "streets", "split": "test", "targets": 9}
    )
    write_run(tmp_path, None, 0, [0.5], commit=None)
    path = tmp_path / "study.csv"
    path.write_bytes(results_csv(collect(tmp_path).finished))
    return path


def test_runs_come_back_with_their_facts_and_rounded_values(table: Path):
    for ours, theirs in zip(collect(table).finished, collect(table.parent).finished, strict=True):
        for name in set(ours._fields) - {"folder", "scores", "evaluations"}:
            assert getattr(ours, name) == getattr(theirs, name), name
        expected = {
            name: value if value is None else round(value, 6)
            for name, value in measures(theirs.scores).items()
        }
        assert measures(ours.scores) == pytest.approx(expected, abs=1e-6)
        assert str(table) in str(ours.folder)
        assert len(ours.evaluations) == len(theirs.evaluations)
    again = results_csv(collect(table).finished).decode()
    written = table.read_text()
    assert [row.rpartition(",")[0] for row in again.splitlines()] == [
        row.rpartition(",")[0] for row in written.splitlines()
    ]


def test_other_intervals_are_evaluations(table: Path):
    run = collect(table).of(["table2/mv"])["table2/mv", "resnet18"][1]
    assert run.interval == 2
    assert at(run, 3).scores["miou"] == [0.5, 0.4, 0.3]
    assert (widest(run).interval, widest(run).data["targets"]) == (3, 9)


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("metric,value", "metric,share", "line 1: columns"),
        ("avg_k,0.416667", "avg_k,0.4.1", "0.4.1"),
        ("avg_k,0.416667", "avg_k", "cells"),
        ("avg_k,0.416667", "avg_k,0.416667,1", "cells"),
        ("avg_k,0.416667", "other,0.416667", "avg_k"),
        ("miou_d1,0.333333", "miou_d1,0.333333\n{row}other,0.4", "other"),
        ("avg_k,0.416667", "avg_k,0.416667\n{row}avg_k,0.4", "avg_k of the same run again"),
        ("miou_d1,0.333333", "miou_d2,0.333333", "miou_d2"),
        ("miou_d1,0.333333", "avg_5,0.333333", "mIoU of 1 offsets"),
        (",400,", ",300,", "steps"),
        (",resnet18,", ",,", "backbone"),
    ],
)
def test_damage_is_named(table: Path, old: str, new: str, match: str):
    text = table.read_text()
    (line,) = [line for line in text.splitlines() if old in line][:1]
    row = line.removesuffix(old)
    table.write_text(text.replace(old, new.format(row=row), 1))
    with pytest.raises(BadRuns, match=match) as error:
        collect(table)
    assert str(table) in str(error.value)


def test_an_unreadable_file_is_named(tmp_path: Path):
    with pytest.raises(BadRuns, match=r"absent\.csv"):
        collect(tmp_path / "absent.csv")
    (tmp_path / "torn.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadRuns, match=r"torn\.csv"):
        collect(tmp_path / "torn.csv")
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(BadRuns, match=r"empty\.csv"):
        collect(tmp_path / "empty.csv")

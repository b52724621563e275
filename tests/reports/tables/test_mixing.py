"""Runs that were scored, trained or programmed differently do not stand in one table."""

from pathlib import Path

import pytest

from bdnet.reports.tables.collect import collect
from bdnet.reports.tables.errors import BadRuns
from bdnet.reports.tables.mixing import check_alike
from run_folders import DATA, write_run

ROWS = ["table2/mv", "table2/bas"]


def check(root: Path, mixed: bool = False) -> None:
    check_alike(collect(root).of(ROWS), mixed)


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("checkpoint", "best", "checkpoint last and .* has best"),
        ("data", {**DATA, "split": "val"}, "split test, .* split val"),
        ("data", {**DATA, "targets": 95}, "targets 96 and .* targets 95"),
        ("miou", [0.5], "interval 2 and .* has 1"),
    ],
)
def test_what_was_scored_differently_is_refused(
    tmp_path: Path, field: str, value: object, shown: str, mixed: bool
):
    first = write_run(tmp_path, "table2/bas", 0, [0.5, 0.4])
    check(tmp_path, mixed)
    second = write_run(tmp_path, "table2/mv", 0, **{"miou": [0.5, 0.4], field: value})
    with pytest.raises(BadRuns, match=shown) as error:
        check(tmp_path, mixed)
    for part in (str(first), str(second), "use runs=FOLDER"):
        assert part in str(error.value)


@pytest.mark.parametrize(("field", "value"), [("commit", None), ("version", "0.2.0")])
def test_other_code_is_refused_unless_asked_for(tmp_path: Path, field: str, value: object):
    write_run(tmp_path, "table2/mv", 0, [0.5])
    write_run(tmp_path, "table2/bas", 0, [0.5], **{field: value})
    with pytest.raises(BadRuns, match=f"has {field} .*use mixed=true"):
        check(tmp_path)
    check(tmp_path, mixed=True)


@pytest.mark.parametrize(("field", "value"), [("steps", 0), ("parameters", 2)])
def test_rows_may_be_trained_differently_but_the_seeds_of_one_may_not(
    tmp_path: Path, field: str, value: object
):
    write_run(tmp_path, "table2/mv", 0, [0.5])
    write_run(tmp_path, "table2/bas", 0, [0.5], **{field: value})
    write_run(tmp_path, "table2/mv", 0, [0.5], backbone="resnet50", **{field: value})
    check(tmp_path)
    write_run(tmp_path, "table2/mv", 1, [0.5], **{field: value})
    with pytest.raises(BadRuns, match=f"seed=0 has {field} .*seed=1 has {value}: seeds of a row"):
        check(tmp_path, mixed=True)


def test_rows_on_one_backbone_have_one_recipe(tmp_path: Path):
    write_run(tmp_path, "table2/mv", 0, [0.5])
    write_run(tmp_path, "table2/mv", 0, [0.5], backbone="resnet50", recipe="long")
    check(tmp_path)
    write_run(tmp_path, "table2/bas", 0, [0.5], recipe="long")
    with pytest.raises(BadRuns, match=r"has recipe .*: rows"):
        check(tmp_path)
    check(tmp_path, mixed=True)
    write_run(tmp_path, "table2/mv", 1, [0.5], recipe="long")
    with pytest.raises(BadRuns, match=r"recipe .*: seeds of a row"):
        check(tmp_path, mixed=True)

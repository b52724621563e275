"""Which scores a figure takes of a run."""

from pathlib import Path

import pytest

from bdnet.reports.tables.collect import FinishedRun, collect
from bdnet.reports.tables.errors import BadRuns
from bdnet.reports.tables.evaluations import at, check_same, widest
from run_folders import DATA, write_evaluation, write_json, write_run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_run(tmp_path, "table2/mv", 0, [0.6, 0.5])


def the_run(folder: Path) -> FinishedRun:
    (run,) = collect(folder).finished
    return run


def test_the_largest_interval_is_taken(folder: Path):
    assert widest(the_run(folder)).scores["miou"] == [0.6, 0.5]  # its own test
    write_evaluation(folder, [0.6], "one")
    write_evaluation(folder, [0.6, 0.4], "two")
    assert widest(the_run(folder)).path == folder / "metrics.json"
    write_evaluation(folder, [0.6, 0.5, 0.4], "three")
    write_evaluation(folder, [0.7, 0.5, 0.4, 0.3], "four")
    assert widest(the_run(folder)).scores["miou"] == [0.7, 0.5, 0.4, 0.3]


def test_another_checkpoint_or_split_is_not_taken(folder: Path):
    write_evaluation(folder, [0.9, 0.9, 0.9], "best", checkpoint="best")
    write_evaluation(folder, [0.9, 0.9, 0.9], "val", data={**DATA, "split": "val"})
    assert widest(the_run(folder)).interval == 2
    write_evaluation(folder, [0.6, 0.5, 0.4], data={**DATA, "targets": 90})
    assert widest(the_run(folder)).data["targets"] == 90


def test_two_of_one_interval_are_refused(folder: Path):
    write_evaluation(folder, [0.6, 0.5, 0.4], "a")
    write_evaluation(folder, [0.6, 0.5, 0.3], "b")
    with pytest.raises(BadRuns, match=r"a\.json .*b\.json .* 3"):
        widest(the_run(folder))


def test_stale_and_garbled_evaluations_are_refused(folder: Path):
    path = write_evaluation(folder, [0.6, 0.5, 0.4], digest="older")
    with pytest.raises(BadRuns, match="older"):
        the_run(folder)
    write_evaluation(folder, [0.6, 0.5, 0.4], interval=7)
    with pytest.raises(BadRuns, match="interval 7"):
        widest(the_run(folder))
    write_json(path, {"interval": 3})
    with pytest.raises(BadRuns, match="data"):
        widest(the_run(folder))


def test_runs_must_be_evaluated_alike(tmp_path: Path, folder: Path):
    write_evaluation(folder, [0.6, 0.5, 0.4])
    longer = write_run(tmp_path, "table2/mv", 1, [0.6, 0.5])
    evaluations = [widest(the_run(path)) for path in (folder, longer)]
    with pytest.raises(BadRuns) as error:
        check_same(evaluations)
    assert str(error.value).endswith(f"python -m bdnet.evaluate run={longer} interval=3")
    write_evaluation(longer, [0.6, 0.5, 0.4], data={**DATA, "targets": 9})
    with pytest.raises(BadRuns, match=r"targets 96 .* targets 9"):
        check_same([widest(the_run(path)) for path in (folder, longer)])
    write_evaluation(longer, [0.6, 0.5, 0.1])
    check_same([widest(the_run(path)) for path in (folder, longer)])


def test_a_run_is_taken_as_it_was_evaluated_at_an_interval(folder: Path):
    write_evaluation(folder, [0.7, 0.5, 0.4], "three", data={**DATA, "targets": 90})
    write_evaluation(folder, [0.9, 0.9, 0.9], "best", checkpoint="best")
    run = the_run(folder)
    assert at(run, 2) is at(run, 4) is run
    wider = at(run, 3)
    assert (wider.interval, wider.data["targets"]) == (3, 90)
    assert wider.scores["miou"] == [0.7, 0.5, 0.4]
    assert wider.digest == run.digest
    write_evaluation(folder, [0.7, 0.5, 0.4], "again")
    with pytest.raises(BadRuns, match=r"again\.json .*three\.json .* 3"):
        at(the_run(folder), 3)

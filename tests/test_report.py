"""`python -m bdnet.report`: what it prints, writes and refuses."""

from functools import partial
from pathlib import Path

import pytest
from pandas import DataFrame

from bdnet.errors import BdnetError
from bdnet.reports.tables.render import csv_bytes, markdown
from bdnet.system.files import write
from command import command
from run_folders import write_run

report = partial(command, "report")


def test_table_and_figure_are_printed_and_written(tmp_path: Path):
    for seed in range(2):
        for experiment in ("table2/mv", "figure3/mv"):
            write_run(tmp_path / "runs/demo", experiment, seed, [0.6, 0.5 + seed / 100])
    done = report("table=2", "figure=3", "runs=runs/demo", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    names = ["table2.md", "table2.csv", "table2_runs.csv", "table2.tex"]
    pictures = ["figure3.png", "figure3.pdf", "figure3.csv"]
    written = sorted(path.name for path in (tmp_path / "report").iterdir())
    assert written == sorted(names + pictures)
    assert (tmp_path / "report/table2.md").read_text() in done.stdout
    assert f"written to report: {', '.join(names)}\n" in done.stdout
    assert "| resnet18 | + MV | 2 |" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report", "runs"]


def test_any_runs_become_a_csv_that_a_table_reads(tmp_path: Path):
    for seed in range(2):
        folder = write_run(tmp_path / "runs", "table2/mv", seed, [0.6, 0.5 + seed / 100])
        (folder / "config.yaml").write_text(f"seed: {seed}\nsteps: 400\n")
    done = report("runs=runs", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    again = report("table=2", "runs=report/results.csv", "output=again", folder=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "| + MV | 55.25 ± 0.35 | 50.50 ± 0.71 | 2 |" in again.stdout


def test_the_console_command_takes_a_number_too(tmp_path: Path):
    write_run(tmp_path / "runs", "table2/mv", 0, [0.6, 0.5])
    done = report("table=2", "output=there", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "there/table2.tex").is_file()


def test_nothing_wanted_and_nothing_found_are_sentences(tmp_path: Path):
    neither = report(folder=tmp_path)  # any runs, then
    assert neither.returncode == 1
    assert neither.stderr.startswith("bdnet report: runs=runs: no such folder")
    absent = report("table=2", "runs=absent", folder=tmp_path)
    assert absent.returncode == 1
    assert absent.stderr.startswith("bdnet report: runs=absent: no such folder")
    assert "Traceback" not in neither.stderr + absent.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_writes_nothing(tmp_path: Path):
    write_run(tmp_path / "runs", "table2/mv", 0, [0.6, 0.5])
    write_run(tmp_path / "runs", "table2/copy", 0, [0.6, 0.5], commit="def456")
    refused = report("table=2", folder=tmp_path)
    assert refused.returncode == 1
    assert "has commit def456 and" in refused.stderr
    assert not (tmp_path / "report").exists()
    allowed = report("table=2", "mixed=true", folder=tmp_path)
    assert allowed.returncode == 0, allowed.stderr


def test_table_1_takes_a_benchmark_and_the_others_refuse_one(tmp_path: Path):
    write_run(tmp_path / "runs", "table2/inner", 0, [0.6, 0.5])
    wrong = report("table=2", "costs=model.json", folder=tmp_path)
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("bdnet report: costs=model.json: only table=1 shows costs")
    absent = report("table=1", "costs=model.json", folder=tmp_path)
    assert absent.stderr.startswith("bdnet report: model.json: cannot be read as JSON")
    done = report("table=1", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "| BDNet | resnet18 | 55.00 | 50.00 | 1 | 65.4 | not measured |" in done.stdout
    assert (tmp_path / "report/table1.tex").is_file()


def test_files_are_replaced_whole(tmp_path: Path):
    write(tmp_path / "out/a.csv", b"old")
    write(tmp_path / "out/a.csv", b"new")
    assert (tmp_path / "out/a.csv").read_bytes() == b"new"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.csv"]
    with pytest.raises(BdnetError, match="cannot be written"):
        write(tmp_path / "out/a.csv/b.csv", b"")


def test_tables_keep_their_columns():
    table = DataFrame([{"a": 1, "b": None}, {"a": "x,y", "c": 0.1}])
    assert csv_bytes(table) == b'a,b,c\n1,,\n"x,y",,0.1\n'
    assert markdown(DataFrame({"row": ["1"], "name": ["a|b"]})) == (
        "| row | name |\n| ---: | --- |\n| 1 | a\\|b |"
    )

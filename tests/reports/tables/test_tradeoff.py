"""Table 1: accuracy beside seconds, what is missing, and what readers are told."""

import re
from pathlib import Path

import pytest
from benchmark_files import write_benchmark
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from test_table import line, parsed

from bdnet.cli.conf import conf_folder
from bdnet.reports.tables.collect import collect
from bdnet.reports.tables.errors import BadRuns
from bdnet.reports.tables.tradeoff import Tradeoff
from run_folders import DATA, write_evaluation, write_run

SECONDS = {
    "single_frame": ((2.0, 4.0, 4.0), (2.0, 4.0, 4.0)),
    "bdnet": ((2.0, 4.0, 6.0), (0.5, 1.0, 1.0)),
    "dff": ((2.0, 4.0, 4.0), (1.0, 2.0, 2.0)),
}


def tradeoff(*costs: Path) -> Tradeoff:
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        config = compose("report", ["table='1'", f"costs=[{','.join(map(str, costs))}]"])
    return instantiate(config.table, _convert_="all")


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    runs = tmp_path / "runs"
    write_run(runs, "teacher", 0, [0.8], backbone="hrnet_w18", data={**DATA, "targets": 120})
    for seed, value in enumerate((0.60, 0.62)):
        write_run(runs, "table2/single_frame", seed, [value, value])
        write_run(runs, "table2/inner", seed, [value, value - 0.1])
    write_run(runs, "table1/grfp", 0, None)
    return runs


@pytest.fixture
def costs(tmp_path: Path) -> Path:
    return write_benchmark(tmp_path / "model.json", {"resnet18": SECONDS, "resnet50": SECONDS})


def files(runs: Path, *costs: Path, mixed: bool = False) -> dict[str, str]:
    report = tradeoff(*costs).report(collect(runs), mixed)
    return {name: content.decode() for name, content in report.files.items()}


def test_published_values_are_those_of_table_1():
    table = tradeoff()
    rows = [row.experiment for row in table.table.rows]
    assert rows == ["table2/flownet", "table1/grfp", "table2/single_frame", "table2/inner"]
    assert list(table.contenders.values()) == ["dff", "grfp", "single_frame", "bdnet"]
    published = [row.paper for row in table.table.rows]
    assert published == [
        {"resnet101": 68.6},
        {"resnet101": 69.4},
        {"resnet101": 71.3, "resnet50": 69.7, "resnet18": 64.4},
        {"resnet101": 70.2, "resnet50": 69.7, "resnet18": 65.4},
    ]
    assert (table.teacher.experiment, table.teacher_percent) == ("teacher", 79.2)


def test_accuracy_and_seconds_stand_beside_the_papers(demo: Path, costs: Path):
    page = files(demo, costs)["table1.md"]
    single, ours = line(page, "single-frame network (DL-X)"), line(page, "BDNet")
    assert (single[0], *single[2:6]) == ("3", "resnet18", "61.00 ± 1.41", "61.00 ± 1.41", "2")
    assert single[6:] == ["64.4", "4.000", "1.00", "0.22", "1.00"]
    assert ours[3:6] == ["56.00 ± 1.41", "51.00 ± 1.41", "2"]
    # at interval 2: 1.25, 2.5, 3.5 of 2, 4, 4: the median ratio is not that of the medians
    assert ours[6:] == ["65.4", "2.500", "0.62", "0.14", "0.64"]


def test_what_is_missing_is_said(demo: Path, costs: Path):
    page = files(demo, costs)["table1.md"]
    dff, grfp = line(page, "DFF"), line(page, "GRFP, on vectors")
    assert dff[3:] == ["no run", "-", "-", "-", "3.000", "0.75", "-", "-"]
    assert grfp[3:] == ["unfinished", "-", "-", "-", "not measured", "-", "-", "-"]
    bare = files(demo)["table1.md"]
    assert line(bare, "BDNet")[6:] == ["65.4", "not measured", "-", "0.14", "0.64"]
    assert "Seconds: not measured; python -m bdnet.benchmark target=model" in bare


def test_the_teacher_is_one_row_above_all_with_an_interval_of_its_own(demo: Path):
    page = files(demo)["table1.md"]
    first = next(row for row in page.splitlines() if "Teacher" in row or "DFF" in row)
    assert first.startswith("| - | Teacher (HRNet) | hrnet_w18 | 80.00 | 80.00 | 1 | 79.2 | - |")
    assert "on hrnet_w18: interval 1, 120 targets, steps 400, seeds 0, bdnet 0.1.0, com" in page
    assert "streets, split test, 96 targets; interval k = 2; checkpoint last" in page
    folder = demo / "teacher/seed=0"
    assert "The others have interval 2 and 96 targets; to score it on them: " in page
    assert f"python -m bdnet.evaluate run={folder} interval=2" in page
    write_evaluation(folder, [0.9, 0.7], data=DATA)
    page = files(demo)["table1.md"]
    assert line(page, "Teacher (HRNet)")[3:6] == ["80.00", "70.00", "1"]
    assert "on hrnet_w18: interval 2, 96 targets" in page
    assert "to score it on them" not in page


def test_a_teacher_that_is_absent_or_unfinished_is_a_row_too(tmp_path: Path):
    write_run(tmp_path, "table2/inner", 0, [0.6, 0.5])
    assert line(files(tmp_path)["table1.md"], "Teacher (HRNet)")[2:6] == ["-", "no run", "-", "-"]
    write_run(tmp_path, "teacher", 0, None, backbone="hrnet_w48")
    page = files(tmp_path)["table1.md"]
    assert line(page, "Teacher (HRNet)")[2:6] == ["hrnet_w48", "unfinished", "-", "-"]
    assert "Unfinished, not counted: Teacher (HRNet) on hrnet_w48, seed 0." in page


def test_a_teacher_of_another_split_or_code_is_refused(demo: Path):
    facts = {**DATA, "split": "val"}
    write_run(demo, "teacher", 0, [0.8], backbone="hrnet_w18", data=facts)
    with pytest.raises(BadRuns, match=r"split (val|test) and .* split (val|test)"):
        files(demo)
    write_run(demo, "teacher", 0, [0.8], backbone="hrnet_w18", commit="def456")
    with pytest.raises(BadRuns, match="mixed=true"):
        files(demo)
    assert "bdnet 0.1.0, commit def456." in files(demo, mixed=True)["table1.md"]


def test_notes_say_on_what_machine_and_what_stands_in(demo: Path, costs: Path):
    write_run(demo, "table2/inner", 0, [0.5, 0.4], backbone="tiny")
    page = files(demo, costs)["table1.md"]
    assert f"- {costs}: processor abacus, cores 2, torch 2.15.0, precision float32" in page
    assert "3 rounds on resnet18" in page
    assert f"{costs} has resnet50 too, of which there are no runs." in page
    assert "The paper has no tiny: its values of resnet18" in page
    assert "over the 2 frames" in page
    assert "That the paper's DFF and GRFP have ResNet-101 is our reading" in page
    assert "Δ" not in page


def test_costs_of_other_backbones_are_refused(demo: Path, tmp_path: Path):
    path = write_benchmark(tmp_path / "large.json", {"resnet101": SECONDS})
    with pytest.raises(BadRuns, match="resnet101 single_frame") as error:
        files(demo, path)
    assert str(error.value).endswith("target=model 'target.backbones=[resnet18]'")


def test_csv_holds_the_numbers(demo: Path, costs: Path):
    written = files(demo, costs)
    lines = parsed(written["table1.csv"])
    assert lines[0]["experiment"] == "teacher"
    (ours,) = (line for line in lines if line["experiment"] == "table2/inner")
    assert float(ours["avg_k_mean"]) == pytest.approx(0.56)
    assert float(ours["seconds_median"]) == 2.5
    assert (float(ours["seconds_lowest"]), float(ours["seconds_highest"])) == (1.25, 3.5)
    assert float(ours["relative_median"]) == 0.625
    assert (ours["rounds"], ours["contender"], ours["interval"]) == ("3", "bdnet", "2")
    assert float(ours["paper_relative"]) == pytest.approx(0.14 / 0.22, abs=1e-6)
    (grfp,) = (line for line in lines if line["experiment"] == "table1/grfp")
    assert (grfp["seconds_median"], grfp["avg_k_mean"], grfp["unfinished"]) == ("", "", "1")
    runs = parsed(written["table1_runs.csv"])
    assert len({(run["experiment"], run["seed"]) for run in runs}) == 1 + 2 * 2
    assert runs[0]["experiment"] == "teacher"


def test_latex_is_a_whole_tabular(demo: Path, costs: Path):
    write_run(demo, "table2/inner", 0, [0.5, 0.4], backbone="my_net")
    text = files(demo, costs)["table1.tex"]
    lines = [line for line in text.splitlines() if line and not line.startswith("%")]
    assert lines[0] == r"\begin{tabular}{rllrrrrrrrr}"
    assert lines[-2:] == [r"\bottomrule", r"\end{tabular}"]
    rows = [line for line in lines if line.endswith(r" \\")]
    assert len(rows) == 1 + 1 + 4 + 4
    assert {row.count("&") for row in rows} == {10}
    assert r"BDNet & my\_net & 45.00" in text
    assert not re.search(r"(?<!\\)[_#%]", "".join(lines))

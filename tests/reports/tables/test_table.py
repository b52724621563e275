"""Tables: what the numbers are, what is missing, and what readers are told."""

import csv
import io
import re
from pathlib import Path

import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

from bdnet.cli.conf import conf_folder
from bdnet.reports.tables.collect import collect
from bdnet.reports.tables.errors import BadRuns
from bdnet.reports.tables.table import Table
from run_folders import write_run

PUBLISHED = {  # the paper's Table 2: R101, R50, R18
    "table2/single_frame": (71.1, 69.7, 64.4),
    "table2/flownet": (68.6, 67.4, 62.5),
    "table2/mv": (69.0, 68.4, 63.0),
    "table2/bas": (69.5, 69.1, 63.5),
    "table2/pixelwise": (69.7, 69.4, 64.1),
    "table2/inner": (70.2, 69.7, 65.4),
}
ABOVE = {
    "flownet": "single_frame", "mv": "single_frame", "bas": "mv", "pixelwise": "bas",
    "inner": "pixelwise", "copy": "mv", "warped": "mv", "control": "single_frame",
    "control_warped": "control",
}  # fmt: skip
SINGLE = {0: [0.60, 0.60], 1: [0.62, 0.62], 2: [0.67, 0.67]}
MOVED = {0: [0.60, 0.50], 1: [0.61, 0.53], 3: [0.40, 0.20]}


def named(name: str, **overrides: object) -> Table:
    config = OmegaConf.load(conf_folder() / f"table/{name}.yaml")
    return instantiate(config, **overrides, _convert_="all")


@pytest.fixture
def table() -> Table:
    return named("2")


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    for seed, miou in SINGLE.items():
        write_run(tmp_path, "table2/single_frame", seed, miou)
    for seed, miou in MOVED.items():
        write_run(tmp_path, "table2/mv", seed, miou)
    write_run(tmp_path, "table2/warped", 0, [0.6, 0.45], steps=0)
    write_run(tmp_path, "table2/bas", 4, None)
    return tmp_path


def files(table: Table, root: Path, mixed: bool = False) -> dict[str, str]:
    report = table.report(collect(root), mixed)
    return {name: content.decode() for name, content in report.files.items()}


def parsed(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def line(text: str, label: str) -> list[str]:
    """Cells of the first Markdown row of a network."""
    (first, *_) = (row for row in text.splitlines() if f"| {label} |" in row)
    return [cell.strip() for cell in first.strip("|").split("|")]


def test_published_values_and_comparisons_are_the_papers(table: Table):
    published = {row.experiment: row.paper for row in table.rows if row.paper}
    backbones = ("resnet101", "resnet50", "resnet18")
    assert published == {
        name: dict(zip(backbones, values, strict=True)) for name, values in PUBLISHED.items()
    }
    assert [row.experiment for row in table.rows][: len(PUBLISHED)] == list(PUBLISHED)
    assert {row.experiment: row.above for row in table.rows} == {
        "table2/single_frame": None,
        **{f"table2/{name}": f"table2/{above}" for name, above in ABOVE.items()},
    }


def test_markdown_has_means_deviations_and_paired_differences(table: Table, demo: Path):
    page = files(table, demo)["table2.md"]
    single, moved = line(page, "single-frame network"), line(page, "+ MV")
    assert single[2:5] == ["63.00 ± 3.61", "63.00 ± 3.61", "3"]
    # of seeds 0, 1, 3: 55, 57, 30; of the pairs 0, 1: -5, -5
    assert moved[2:5] == ["47.33 ± 15.04", "41.00 ± 18.25", "3"]
    assert moved[5:9] == ["1", "-5.00 ± 0.00", "-9.50 ± 0.71", "2"]
    assert moved[9:] == ["63.0", "-1.4"]
    offsets = page.split("mIoU by offset d")[1]
    assert line(offsets, "+ MV")[2:] == ["53.67 ± 11.85", "41.00 ± 18.25", "41.00 ± 18.25"]


def test_a_single_seed_has_no_deviation_and_missing_rows_are_shown(table: Table, demo: Path):
    page = files(table, demo)["table2.md"]
    warped = line(page, "single-frame network, warped at test only")
    assert warped[2:] == ["52.50", "45.00", "1", "3", "-2.50", "-5.00", "1", "-", "-"]
    assert line(page, "+ FlowNet (DFF)")[2:5] == ["no run", "-", "-"]
    assert line(page, "+ MV + BAS")[2:9] == ["unfinished", "-", "-", "3", "-", "-", "-"]
    assert line(page, "+ MV + BAS + D_pw")[2:] == [
        "no run", "-", "-", "4", "-", "-", "-", "64.1", "+0.6",
    ]  # fmt: skip


def test_rows_without_a_run_can_be_left_out_unless_others_stand_against_them(tmp_path: Path):
    for experiment in ("table2/pixelwise", "table2/copy"):
        write_run(tmp_path, experiment, 0, [0.6, 0.5])
    page = files(named("2", absent=False), tmp_path)["table2.md"]
    labels = ["single-frame network", "+ MV", "+ MV + BAS", "+ MV + BAS + D_pw"]
    table = page[page.index("| 1 |") : page.index("mIoU by offset")].strip()
    assert [row.split(" | ")[1] for row in table.splitlines()] == [*labels, "copy instead of MV"]
    assert line(page, "copy instead of MV")[5] == "2"
    assert [line(page, label)[2] for label in labels[:3]] == ["no run"] * 3


def test_the_first_five_frames_of_a_longer_interval(tmp_path: Path):
    table = named("2", measures=["avg_5", "avg_k"])
    for seed, last in enumerate((0.0, 0.6)):
        write_run(tmp_path / "six", "table2/mv", seed, [0.6, 0.5, 0.4, 0.3, 0.2, last])
        write_run(tmp_path / "six", "table2/single_frame", seed, [0.5] * 6)
    page = files(table, tmp_path / "six")["table2.md"]
    assert "| mean d=0..4 | mean d=0..5 (avg_k) |" in page
    row = line(page, "+ MV")
    assert row[2:4] == ["40.00 ± 0.00", "38.33 ± 7.07"]
    assert row[6:8] == ["-10.00 ± 0.00", "-11.67 ± 7.07"]
    write_run(tmp_path / "five", "table2/mv", 0, [0.5, 0.4, 0.3, 0.2, 0.1])
    assert line(files(table, tmp_path / "five")["table2.md"], "+ MV")[2] == "30.00"
    write_run(tmp_path / "four", "table2/mv", 0, [0.5, 0.4, 0.3, 0.2])
    with pytest.raises(BadRuns, match=r"interval 4.*avg_k"):
        table.report(collect(tmp_path / "four"), mixed=False)


def test_notes_say_on_what_and_what_is_not_there(table: Table, demo: Path):
    page = files(table, demo)["table2.md"]
    assert "the paper does not say which of them it reports" in page
    assert "streets, split test, 96 targets; interval k = 2; checkpoint last" in page
    assert "steps 400 (rows 1, 3) and 0 (rows 8); seeds 0, 1, 2, 3; backbones resnet18" in page
    assert "bdnet 0.1.0, commit abc123." in page
    assert "Row 3 (+ MV) on resnet18 has seeds 0, 1, 3 only." in page
    assert re.search(r"not counted: \+ MV \+ BAS on resnet18, seed 4 \(.*bas/seed=4\)", page)
    assert "71.1 in its Table 2 and 71.3 in its Table 1" in page


def test_other_backbones_stand_beside_a_column_that_is_named(table: Table, demo: Path):
    write_run(demo, "table2/mv", 0, [0.5, 0.4], backbone="mobilenetv3")
    write_run(demo, "table2/mv", 0, [0.5, 0.4], backbone="resnet101")
    page = files(table, demo)["table2.md"]
    assert re.findall("^## (.*)", page, re.M) == ["resnet101", "resnet18", "mobilenetv3"]
    *_, strange = page.split("## ")
    assert "| paper, resnet18 |" in strange
    assert line(strange, "+ MV")[9:] == ["63.0", "-1.4"]
    assert "The paper has no mobilenetv3" in page
    large = page.split("## resnet18")[0]
    assert "| paper |" in large
    assert line(large, "+ MV")[9:] == ["69.0", "-2.1"]


def test_further_measures_are_shown_where_there_are_any(table: Table, demo: Path):
    page = files(table, demo)["table2.md"]
    assert "tailing error" not in page
    assert line(page.split("Further measures")[1], "+ MV")[2:] == ["23.67 ± 7.52", "11.83 ± 3.76"]


def test_csv_holds_the_numbers_of_the_runs(table: Table, demo: Path):
    written = files(table, demo)
    cells = {cell["experiment"]: cell for cell in parsed(written["table2.csv"])}
    assert len(cells) == len(table.rows)
    moved = cells["table2/mv"]
    assert float(moved["miou_d1_mean"]) == pytest.approx((0.50 + 0.53 + 0.20) / 3)
    assert float(moved["last_k_difference_mean"]) == pytest.approx(-0.095)
    assert float(moved["last_k_difference_std"]) == pytest.approx(0.005 * 2**0.5)
    assert (moved["seeds"], moved["pairs"], moved["paper_percent"]) == ("3", "2", "63.0")
    assert float(moved["paper_difference_percent"]) == pytest.approx(-1.4)
    assert cells["table2/flownet"]["avg_k_mean"] == ""
    assert cells["table2/bas"]["unfinished"] == "1"
    assert cells["table2/warped"]["avg_k_std"] == ""
    runs = parsed(written["table2_runs.csv"])
    values = {
        (row["experiment"], int(row["seed"]), row["metric"]): row["value"]
        for row in runs
        if row["metric"].startswith("miou")
    }
    assert len(values) == 2 * (3 + 3 + 1)
    for seed, miou in MOVED.items():
        for d, value in enumerate(miou):
            assert float(values["table2/mv", seed, f"miou_d{d}"]) == value


def test_latex_has_a_tabular_for_each_backbone(table: Table, demo: Path):
    write_run(demo, "table2/mv", 0, [0.5, 0.4], backbone="my_net")
    text = files(table, demo)["table2.tex"]
    lines = [line for line in text.splitlines() if line and not line.startswith("%")]
    assert lines[0] == r"\begin{tabular}{rlrrrrrrrrr}"
    assert lines.count(r"\end{tabular}") == 2
    rows = [line for line in lines if line.endswith(r" \\")]
    assert {row.count("&") for row in rows} == {10}
    assert "% my_net" in text
    assert not re.search(r"(?<!\\)[_#%]", "".join(lines))
    assert r"6 & + MV + BAS + D\_pw + D\_inn & no run" in text
    assert r"$-$5.00 ± 0.00" in text
    assert r"$\Delta$ avg\_k" in text


def test_undefined_scores_are_missing_not_zero(table: Table, tmp_path: Path):
    write_run(tmp_path, "table2/mv", 0, [0.5, None])
    write_run(tmp_path, "table2/mv", 1, [0.7, 0.4])
    page = files(table, tmp_path)["table2.md"]
    assert line(page, "+ MV")[2:5] == ["-", "-", "2"]
    assert line(page.split("by offset")[1], "+ MV")[2:] == ["60.00 ± 14.14", "-", "-"]


def test_mixed_code_is_named_when_it_is_allowed(table: Table, demo: Path):
    write_run(demo, "table2/copy", 0, [0.5, 0.4], commit=None, version="0.2.0")
    with pytest.raises(BadRuns, match="mixed=true"):
        files(table, demo)
    page = files(table, demo, mixed=True)["table2.md"]
    assert "bdnet 0.1.0, commit abc123; bdnet 0.2.0, commit unknown." in page


def test_a_table_without_published_values_does_not_mention_the_paper(tmp_path: Path):
    for seed in (0, 1):
        write_run(tmp_path, "table2/single_frame", seed, [0.6, 0.5 + seed / 10])
        write_run(tmp_path, "candidates/filled", seed, [0.6, 0.6 + seed / 20])
    written = files(named("best"), tmp_path)
    page = written["best.md"]
    assert "paper" not in page.lower()
    row = line(page, "+ MV, holes filled")
    assert row[2:5] == ["61.25 ± 1.77", "62.50 ± 3.54", "2"]
    assert row[5:] == ["1", "+3.75 ± 1.77", "+7.50 ± 3.54", "2"]
    first, *_ = parsed(written["best.csv"])
    assert not any(first[name] for name in first if "paper" in name)
    assert r"\begin{tabular}{rlrrrrrrr}" in written["best.tex"]


@pytest.mark.parametrize(
    ("row", "arguments", "match"),
    [
        ({"above": "b"}, {}, "above=b of a: .*mine"),
        ({}, {"measures": ["miou"]}, "measures=.*avg_k"),
        ({"paper": {"resnet50": 70.0}}, {}, "source=None, stand_in=None of mine: .*resnet50"),
        ({"paper": {"resnet50": 70.0}}, {"source": "a book", "stand_in": "resnet18"}, "resnet18"),
    ],
)
def test_rows_and_arguments_that_do_not_fit_are_refused(
    row: dict[str, object], arguments: dict[str, object], match: str
):
    with pytest.raises(BadRuns, match=match):
        Table("mine", "Mine", [{"experiment": "a", "label": "a", **row}], **arguments)

"""Figures: their points, and that the pictures show them."""

import builtins
import csv
import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

from bdnet.cli.conf import conf_folder
from bdnet.reports.tables.collect import collect
from bdnet.reports.tables.drawing import add_legend
from bdnet.reports.tables.errors import BadRuns
from bdnet.reports.tables.figure import Figure
from bdnet.reports.tables.render import Report
from run_folders import write_evaluation, write_run

WIDE = {0: [0.6, 0.5, 0.4, 0.1], 1: [0.8, 0.5, 0.2, 0.3]}


@pytest.fixture
def figure() -> Figure:
    return instantiate(OmegaConf.load(conf_folder() / "figure/3.yaml"), _convert_="all")


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    for seed, miou in WIDE.items():
        folder = write_run(tmp_path, "figure3/mv", seed, miou[:2])
        write_evaluation(folder, miou)
    folder = write_run(tmp_path, "figure3/single_frame", 0, [0.7, 0.7])
    write_evaluation(folder, [0.7] * 4)
    write_run(tmp_path, "figure3/inner", 0, None)
    return tmp_path


def make(figure: Figure, root: Path) -> Report:
    return figure.report(collect(root), mixed=False)


def points(report: Report) -> dict[tuple[str, str, int], dict[str, str]]:
    lines = csv.DictReader(io.StringIO(report.files["figure3.csv"].decode()))
    return {(row["experiment"], row["axis"], int(row["x"])): row for row in lines}


def picture(content: bytes) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image


def count(image: np.ndarray, colour: str) -> int:
    """Pixels of exactly a line's colour, #rrggbb."""
    blue_green_red = [int(colour[start : start + 2], 16) for start in (5, 3, 1)]
    return int((image == np.array(blue_green_red)).all(-1).sum())


def test_an_undefined_offset_has_no_point_nor_have_the_intervals_with_it(
    figure: Figure, tmp_path: Path
):
    write_run(tmp_path, "figure3/mv", 0, [0.6, None, 0.4])
    lines = points(make(figure, tmp_path))
    by_k = [lines["figure3/mv", "interval", k]["miou_mean"] for k in (1, 2, 3)]
    assert by_k == ["0.6", "", ""]
    assert lines["figure3/mv", "offset", 2]["miou_mean"] == "0.4"


def test_points_are_means_and_deviations_over_seeds(figure: Figure, demo: Path):
    drawn = points(make(figure, demo))
    assert len(drawn) == 2 * (4 + 4)
    for k in range(1, 5):
        means = [np.mean(miou[:k]) for miou in WIDE.values()]
        point = drawn["figure3/mv", "interval", k]
        assert float(point["miou_mean"]) == pytest.approx(np.mean(means))
        assert float(point["miou_std"]) == pytest.approx(np.std(means, ddof=1))
    offset = drawn["figure3/mv", "offset", 2]
    assert float(offset["miou_mean"]) == pytest.approx(0.3)
    assert float(offset["miou_std"]) == pytest.approx(0.02**0.5)
    assert offset["seeds"] == "2"
    assert drawn["figure3/single_frame", "interval", 4]["miou_std"] == ""


def test_text_says_what_is_drawn_and_what_is_not(figure: Figure, demo: Path):
    text = make(figure, demo).text
    assert "| resnet18 | + MV | 2 | 70.00 ± 14.14 | 60.00 ± 7.07 |" in text
    assert "| resnet18 | single-frame network | 1 | 70.00 | 70.00 |" in text
    assert "streets, split test, 96 targets" in text
    names = ["+ MV + BAS + D_pw + D_inn", "copy instead of MV"]
    assert f"No finished run: {', '.join(f'{name} on resnet18' for name in names)}, con" in text
    assert "Unfinished, not drawn: figure3/inner on resnet18, seed 0" in text


def test_pictures_show_the_lines_that_were_found(figure: Figure, demo: Path):
    files = make(figure, demo).files
    assert files["figure3.pdf"].startswith(b"%PDF")
    image = picture(files["figure3.png"])
    colours = {line.experiment: line.colour for line in figure.lines}
    assert count(image, colours["figure3/mv"]) > 1000
    assert count(image, colours["figure3/single_frame"]) > 1000
    assert count(image, colours["figure3/inner"]) == 0
    assert make(figure, demo).files == files


def test_each_backbone_has_its_panels_and_each_line_its_name(figure: Figure, demo: Path):
    height = picture(make(figure, demo).files["figure3.png"]).shape[0]
    folder = write_run(demo, "figure3/copy", 0, [0.5, 0.4], backbone="resnet50")
    write_evaluation(folder, [0.5, 0.4, 0.3, 0.2])
    report = make(figure, demo)
    image = picture(report.files["figure3.png"])
    assert image.shape[0] > 1.7 * height
    (copy,) = (line.colour for line in figure.lines if line.experiment == "figure3/copy")
    assert count(image[: height // 8], copy) > 100  # in the legend
    assert "| resnet50 | copy instead of MV | 1 | 50.00 | 45.00 | 40.00 | 35.00 |" in report.text


@pytest.mark.parametrize(("length", "columns"), [(5, 3), (45, 2), (90, 1)])
def test_the_legend_stays_on_the_paper(length: int, columns: int):
    paper = pytest.importorskip("matplotlib.figure").Figure(figsize=(10, 4), layout="constrained")
    axes = paper.subplots()
    lines = {letter * length: axes.plot([0, 1], label=letter * length)[0] for letter in "nopq"}
    add_legend(paper, lines)
    (legend,) = paper.legends
    assert legend.get_window_extent().x1 <= paper.bbox.x1
    lefts = {round(text.get_window_extent().x0) for text in legend.get_texts()}
    assert len(lefts) == columns


def test_runs_own_scores_are_enough_but_one_interval_is_needed(figure: Figure, tmp_path: Path):
    write_run(tmp_path, "figure3/mv", 0, [0.6, 0.5])
    write_run(tmp_path, "figure3/copy", 0, [0.6, 0.3])
    assert ("figure3/mv", "interval", 2) in points(make(figure, tmp_path))
    write_evaluation(tmp_path / "figure3/resnet18/mv/seed=0", [0.6, 0.5, 0.4])
    with pytest.raises(BadRuns, match=r"evaluate run=.*copy/seed=0 interval=3"):
        make(figure, tmp_path)


def test_interval_one_has_no_curve(figure: Figure, tmp_path: Path):
    write_run(tmp_path, "figure3/mv", 0, [0.6])
    with pytest.raises(BadRuns, match="interval 1, of which there is no curve"):
        make(figure, tmp_path)


def test_without_matplotlib_the_remedy_is_said(
    figure: Figure, demo: Path, monkeypatch: pytest.MonkeyPatch
):
    real = builtins.__import__

    def refuse(name: str, *arguments: object, **more: object) -> object:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(BadRuns, match="pip install matplotlib"):
        make(figure, demo)

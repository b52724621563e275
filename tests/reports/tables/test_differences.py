"""Any runs, by the settings in which they differ."""

from pathlib import Path

from omegaconf import OmegaConf
from test_table import line, parsed

from bdnet.reports.tables.collect import collect
from bdnet.reports.tables.differences import Differences, differing
from run_folders import write_run


def write(root: Path, name: str, seed: int, miou: list[float], **settings: object) -> None:
    folder = write_run(root, name, seed, miou)
    OmegaConf.save({"seed": seed, "folder": str(folder), **settings}, folder / "config.yaml")


def test_seeds_share_a_row_and_settings_part_rows(tmp_path: Path):
    for seed in (0, 1):
        write(tmp_path, "a", seed, [0.5, 0.4 + seed / 10], model={"kernel": "cubic"})
        write(tmp_path, "b", seed, [0.5, 0.2], model={"kernel": "linear"})
    report = Differences().report(collect(tmp_path), mixed=False)
    head = line(report.text, "run")
    assert head == ["row", "run", "model.kernel", "seeds", "avg_k", "last_k"]
    assert line(report.text, "a")[2:] == ["cubic", "2", "47.50 ± 3.54", "45.00 ± 7.07"]
    runs = parsed(report.files["runs.csv"].decode())
    assert [(run["model.kernel"], run["seed"]) for run in runs] == [
        ("cubic", "0"), ("cubic", "1"), ("linear", "0"), ("linear", "1"),
    ]  # fmt: skip


def test_runs_of_one_configuration_are_one_row(tmp_path: Path):
    for seed in (0, 1):
        write(tmp_path, "a", seed, [0.5])
    text = Differences().report(collect(tmp_path), mixed=False).text
    assert line(text, "a") == ["1", "a", "2", "50.00 ± 0.00", "50.00 ± 0.00"]


def test_of_settings_that_differ_alike_the_shortest_is_shown():
    configs = [{"loss.weight": 1, "weight": 1}, {"loss.weight": 2, "weight": 2, "rate": None}]
    ignored = [{"seed": number, "logger.name": number} for number in range(2)]
    settings = differing([a | b for a, b in zip(configs, ignored, strict=True)])
    assert settings.to_dict("list") == {"rate": ["-", "None"], "weight": ["1", "2"]}

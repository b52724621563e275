"""Experiments beside Table 2: each is a row of it but for what its name says."""

from typing import Any

import pytest
from omegaconf import OmegaConf
from test_table2 import flat, needed_runs

from bdnet.cli.conf import conf_folder
from bdnet.runs.composition import folder_of
from tiny_training import composed

GIVEN = ("recipe=streets", "seed=3", "backbone=resnet50")
# a row of Table 2, and where it may differ
LIKE = {
    "candidates/filled": ("mv", {"model.propagation._target_"}),
    "candidates/matched_untaught": ("bas", {"model"}),
    "candidates/cubic_channelwise": ("pixelwise", {"loss", "model"}),
    "best": ("pixelwise", {"loss", "model"}),
    "distillation/bdnet": ("pixelwise", set()),
    "distillation/single_frame": ("pixelwise", {"loss", "model"}),
    "distillation/single_frame/channelwise": ("pixelwise", {"loss", "model"}),
    "table1/grfp": ("single_frame", {"model"}),
}
LINES = ("single_frame", "copy", "mv", "inner", "control_warped")


def settled(experiment: str) -> dict[str, Any]:
    with composed(*GIVEN, f"experiment={experiment}") as (config, _):
        return dict(flat(OmegaConf.to_container(config, resolve=True)))


@pytest.mark.parametrize("name", LIKE)
def test_an_experiment_is_a_row_but_for_what_it_is_about(name: str):
    row, about = LIKE[name]
    ours, theirs = settled(name), settled(f"table2/{row}")
    different = {key for key in ours | theirs if ours.get(key) != theirs.get(key)}
    apart = {"name", "folder", "callbacks", "logger", "trainer"} | about
    assert all(any(f"{key}.".startswith(f"{prefix}.") for prefix in apart) for key in different)
    assert ours["init_from"] == theirs["init_from"]


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_figure_3_is_a_trained_row_at_interval_10(
    line: str, monkeypatch: pytest.MonkeyPatch
):
    """Whose network it has, and which is trained as Table 2 trains it."""
    given = (*GIVEN, f"experiment=figure3/{line}")
    row = needed_runs(monkeypatch, *given)[f"table2/{line}"]
    with composed(*given) as (config, _):
        assert config.interval == 10
        assert folder_of(config.evaluates) == row.folder
    with composed(*GIVEN, f"experiment=table2/{line}") as (expected, _):
        assert row == expected
    assert OmegaConf.to_container(config.model) == OmegaConf.to_container(row.model)


@pytest.mark.parametrize("sweep", sorted(p.stem for p in conf_folder().glob("sweep/*.yaml")))
def test_a_sweep_names_experiments_that_exist(sweep: str):
    params = OmegaConf.load(conf_folder() / f"sweep/{sweep}.yaml").hydra.sweeper.params
    for experiment in params.experiment.split(","):
        assert (conf_folder() / f"experiment/{experiment.strip()}.yaml").is_file()


def test_the_rows_of_table_2_are_those_of_its_sweep():
    sweep = OmegaConf.load(conf_folder() / "sweep/table2.yaml").hydra.sweeper.params.experiment
    table = OmegaConf.load(conf_folder() / "table/2.yaml")
    assert [row.experiment for row in table.rows] == sweep.replace(" ", "").split(",")

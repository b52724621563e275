"""TDNet's comparison: rows differ by what they name, and build on the right runs."""

from functools import cache
from typing import Any

import pytest
from omegaconf import OmegaConf
from test_table2 import flat, needed_runs, without

from tiny_training import composed

GIVEN = ("recipe=small", "seed=3")
APART = (
    "callbacks",
    "folder",
    "logger",
    "loss",
    "name",
    "needs",
    "taught_by",
    "trainer.default_root_dir",
)
TAUGHT = (*APART, "teacher", "data.unlabelled_batch_size")
TDNET_TERMS = {"segmentation_ohem", "single_path", "auxiliary_head"}
TDNET = {  # row: model, terms, teacher
    "psp": ("psp18", {"segmentation_ohem"}, "none"),
    "psp_distilled": ("psp18", {"segmentation_ohem", "pixelwise"}, "run"),
    "plain": ("tdnet", TDNET_TERMS, "none"),
    "grouped": (
        "tdnet",
        {"segmentation_ohem", "single_path", "auxiliary_head", "grouped"},
        "grouped",
    ),
}


@cache
def settled(*given: str) -> tuple[dict[str, Any], dict[str, str]]:
    with composed(*GIVEN, *given) as (config, choices):
        return OmegaConf.to_container(config, resolve=True), choices


@pytest.mark.parametrize("row", TDNET)
def test_a_row_of_tdnet_is_its_network_and_terms(row: str):
    model, terms, teacher = TDNET[row]
    ours, choices = settled(f"experiment=tdnet/{row}")
    like, _ = settled("experiment=tdnet/psp")
    assert (choices["model"], choices["teacher"]) == (model, teacher)
    assert set(ours["loss"]) == terms
    apart = (*TAUGHT, "model")
    assert without(ours, apart) == without(like, apart)
    assert (ours["interval"], ours["data"]["offsets"]) == (4, "last")
    assert (ours["data"]["unlabelled_batch_size"] > 0) == (teacher != "none")
    assert ours["model"]["backbone"] == like["model"]["backbone"] == "test_resnet"


def test_published_weights_of_tdnet():
    ours, _ = settled("experiment=tdnet/grouped")
    loss = dict(flat(ours["loss"]))
    assert [
        loss[f"{term}.weight"] for term in ("segmentation_ohem", "single_path", "auxiliary_head")
    ] == [*(1.0, 0.5, 0.1)]
    assert (loss["grouped.weight"], loss["grouped.share"]) == (1.0, 0.5)
    assert (loss["segmentation_ohem.threshold"], loss["segmentation_ohem.least"]) == (0.7, 1 / 16)


def test_paths_set_interval_groups_and_sub_networks(monkeypatch: pytest.MonkeyPatch):
    ours, _ = settled("experiment=tdnet/grouped", "paths=2")
    assert ours["interval"] == ours["teacher"]["groups"] == ours["model"]["paths"] == 2
    runs = needed_runs(monkeypatch, *GIVEN, "experiment=tdnet/grouped", "paths=2")
    assert {name: config.seed for name, config in runs.items()} == {"tdnet/base": 3, "pspnet": 0}
    assert (runs["pspnet"].interval, runs["pspnet"].data.offsets) == (1, "all")
    assert runs["tdnet/base"].folder == ours["init_from"]


@pytest.mark.parametrize(
    "experiment",
    ["table2/inner", "table2/flownet", "best", "tdnet/grouped"],
)
def test_a_rows_clips_without_label_are_its_own(experiment: str, monkeypatch: pytest.MonkeyPatch):
    """The runs that it builds on stay what they are to rows without them."""
    own = ("data.unlabelled_videos=films", "data.unlabelled_batch_size=7", "data.offsets=last")
    runs = needed_runs(monkeypatch, *GIVEN, f"experiment={experiment}", *own)
    plain = needed_runs(monkeypatch, *GIVEN, f"experiment={experiment}")
    assert set(runs) == set(plain) >= {next(name for name in runs if name.endswith("base"))}
    for name in set(runs) - {"flownet"}:  # which learns the motion of such clips
        assert (runs[name].data.unlabelled_videos, runs[name].data.unlabelled_batch_size) == (
            None,
            0,
        )
        if experiment.startswith("tdnet"):
            assert runs[name].data.offsets == "all"


@pytest.mark.parametrize(
    ("pair", "model", "teacher"),
    [
        ("psp", "psp18", "pspnet"),
        ("hrnet", "hrnet_w18s", "teacher"),
        ("deeplabv3plus", "deeplabv3plus", "deeplabv3plus"),
    ],
)
def test_a_pair_of_bpkd_is_a_student_and_the_large_network_of_its_family(
    pair: str, model: str, teacher: str, monkeypatch: pytest.MonkeyPatch
):
    rows = {
        row: settled(f"experiment=bpkd/{pair}/{row}") for row in ("none", "channelwise", "bpkd")
    }
    plain, _ = rows["none"]
    for row, (ours, choices) in rows.items():
        assert choices["model"] == model
        assert ours["model"] == plain["model"]
        assert without(ours, TAUGHT) == without(plain, TAUGHT)
        assert (choices["teacher"] == "run") == (row != "none")
    assert set(rows["bpkd"][0]["loss"]) == {"segmentation", "bpkd_edge", "bpkd_body"}
    runs = needed_runs(monkeypatch, *GIVEN, f"experiment=bpkd/{pair}/bpkd")
    assert {name: config.seed for name, config in runs.items()} == {
        f"bpkd/{pair}/base": 3,
        teacher: 0,
    }
    assert runs[f"bpkd/{pair}/base"].folder == plain["init_from"]
    assert runs[teacher].folder == rows["bpkd"][0]["teacher"]["model"]["run"]

"""BPKD's and TDNet's comparisons: rows differ by what they name, and build on the right runs."""

from functools import cache
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf
from test_table2 import flat, without

from bdnet.runs.prerequisites import sources
from bdnet.training import job as program
from tiny_training import composed

GIVEN = ("recipe=small", "seed=3")
APART = ("callbacks", "folder", "logger", "loss", "name", "requires", "trainer.default_root_dir")
TAUGHT = (*APART, "teacher", "taught_by", "data.unlabelled")
BPKD = {
    "none": set(),
    "pixelwise": {"pixelwise"},
    "pairwise": {"pairwise"},
    "channelwise": {"channelwise"},
    "bpkd": {"bpkd_edge", "bpkd_body"},
}
PAIRS = {  # model: its backbone, its teacher's network, its teacher's backbone on Cityscapes
    "psp18": ("resnet18", "pspnet", "resnet101"),
    "hrnet_w18s": ("hrnet_w18_small", "teacher", "hrnet_w48"),
    "deeplabv3plus": ("mobilenetv2_100", "deeplabv3plus", "resnet101"),
}
TDNET = {  # row: model, terms, teacher
    "psp": ("single_frame", {"segmentation_ohem"}, "none"),
    "psp_distilled": ("single_frame", {"segmentation_ohem", "pixelwise"}, "run"),
    "plain": ("tdnet", {"segmentation_ohem", "alone", "middle"}, "none"),
    "grouped": ("tdnet", {"segmentation_ohem", "alone", "middle", "grouped"}, "grouped"),
}


@cache
def settled(*given: str) -> tuple[dict[str, Any], dict[str, str]]:
    with composed(*GIVEN, *given) as (config, choices):
        return OmegaConf.to_container(config, resolve=True), choices


def needed(monkeypatch: pytest.MonkeyPatch, *given: str) -> dict[str, DictConfig]:
    """The runs that a run has trained first, by experiment."""
    found: dict[str, DictConfig] = {}

    def note(config: DictConfig, choices: dict[str, str], *_: Any) -> None:
        found[choices["experiment"]] = config.copy()

    monkeypatch.setattr(program, "train", note)
    with composed(*given) as (config, _):
        for each in config.requires:
            program._train_needed(each, given)
    return found


@pytest.mark.parametrize("row", BPKD)
def test_a_row_of_bpkd_is_its_terms(row: str):
    ours, choices = settled(f"experiment=bpkd/{row}")
    like, _ = settled("experiment=bpkd/none")
    assert set(ours["loss"]) == {"segmentation"} | BPKD[row]
    assert without(ours, TAUGHT) == without(like, TAUGHT)
    assert choices["teacher"] == ("run" if BPKD[row] else "none")


@pytest.mark.parametrize("model", PAIRS)
def test_a_student_of_bpkd_learns_from_its_own_family(model: str, monkeypatch: pytest.MonkeyPatch):
    given = (
        *("data=cityscapes", "data.dataset.root=.", "seed=3"),
        *("experiment=bpkd/bpkd", f"model={model}"),
    )
    backbone, teacher, deep = PAIRS[model]
    runs = needed(monkeypatch, *given)
    assert set(runs) == {"bpkd/base", teacher}
    with composed(*given) as (config, _):
        assert config.model.backbone == backbone
        assert config.teacher.model.run == runs[teacher].folder
        assert sources(config) == [runs["bpkd/base"].folder]
        assert config.model == runs["bpkd/base"].model
    assert runs[teacher].model.backbone == deep
    assert (runs[teacher].interval, runs[teacher].data.labelled) == (1, None)
    if model != "hrnet_w18s":
        assert runs[teacher].model.head._target_ == config.model.head._target_


def test_a_smaller_student_is_trained_smaller_from_the_beginning(monkeypatch: pytest.MonkeyPatch):
    given = (*GIVEN, "experiment=bpkd/pixelwise", "model.backbone=test_resnet")
    runs = needed(monkeypatch, *given)
    assert runs["bpkd/base"].model.backbone == "test_resnet"
    assert runs["pspnet"].model.backbone == "resnet18"


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
    assert (ours["data"]["unlabelled"] > 0) == (teacher != "none")
    assert ours["model"]["backbone"] == like["model"]["backbone"] == "test_resnet"


def test_published_weights_of_tdnet():
    ours, _ = settled("experiment=tdnet/grouped")
    loss = dict(flat(ours["loss"]))
    assert [loss[f"{term}.weight"] for term in ("segmentation_ohem", "alone", "middle")] == [
        *(1.0, 0.5, 0.1)
    ]
    assert (loss["grouped.weight"], loss["grouped.share"]) == (1.0, 0.5)
    assert (loss["segmentation_ohem.threshold"], loss["segmentation_ohem.least"]) == (0.7, 1 / 16)


def test_paths_set_interval_groups_and_sub_networks(monkeypatch: pytest.MonkeyPatch):
    ours, _ = settled("experiment=tdnet/grouped", "paths=2")
    assert ours["interval"] == ours["teacher"]["groups"] == ours["model"]["paths"] == 2
    runs = needed(monkeypatch, *GIVEN, "experiment=tdnet/grouped", "paths=2")
    assert {name: config.seed for name, config in runs.items()} == {"tdnet/base": 3, "pspnet": 0}
    assert (runs["pspnet"].interval, runs["pspnet"].data.offsets) == (1, "all")
    assert runs["tdnet/base"].folder == ours["init_from"]


@pytest.mark.parametrize(
    "experiment",
    ["table2/inner", "table2/flownet", "teacher_student/unlabelled", "bpkd/bpkd", "tdnet/grouped"],
)
def test_a_rows_clips_without_label_are_its_own(experiment: str, monkeypatch: pytest.MonkeyPatch):
    """The runs that it builds on stay what they are to rows without them."""
    own = ("data.extra=films", "data.unlabelled=7", "data.offsets=last")
    runs = needed(monkeypatch, *GIVEN, f"experiment={experiment}", *own)
    plain = needed(monkeypatch, *GIVEN, f"experiment={experiment}")
    assert set(runs) == set(plain) >= {next(name for name in runs if name.endswith("base"))}
    for name in set(runs) - {"flownet"}:  # which learns the motion of such clips
        assert (runs[name].data.extra, runs[name].data.unlabelled) == (None, 0)
        if experiment.startswith("tdnet"):
            assert runs[name].data.offsets == "all"


@pytest.mark.parametrize("recipe", ["cityscapes", "streets", "stills"])
def test_frames_without_label_are_there_whatever_the_recipe(recipe: str):
    given = (f"data={recipe}", "data.dataset.root=.", "experiment=teacher_student/unlabelled")
    with composed(*given) as (config, _):
        assert config.data.unlabelled == config.data.batch_size > 0

"""Distillation and teacher-student learning: rows differ by their terms, and none is left out."""

from functools import cache
from typing import Any

import pytest
from hydra.utils import get_class
from omegaconf import OmegaConf
from test_table2 import composition, flat, without

from bdnet.cli.application import conf_folder
from bdnet.losses import TeacherLoss
from tiny_training import composed

GIVEN = ("recipe=small", "seed=3")
BDNET, SINGLE = {"segmentation", "boundary"}, {"segmentation"}
TERMS = {  # by the name of the row
    "pixelwise": {"pixelwise"},
    "inner": {"inner"},
    "pixelwise_inner": {"pixelwise", "inner"},
    "pairwise": {"pairwise"},
    "intra_class": {"intra_class"},
    "zero_order": {"zero_order"},
    "first_order": {"zero_order", "first_order"},
    "channelwise": {"channelwise"},
    "bpkd": {"bpkd_edge", "bpkd_body"},
}
FOLDER = conf_folder() / "experiment/distillation"
ROWS = sorted(str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.rglob("*.yaml"))
STUDENT_TEACHER = {
    "none": set(),
    "zero_order": {"zero_order"},
    "first_order": {"zero_order", "first_order"},
    "unlabelled": {"zero_order", "first_order"},
}
APART = ("callbacks", "folder", "logger", "loss", "name", "trainer.default_root_dir")


@cache
def settled(experiment: str) -> dict[str, Any]:
    with composed(*GIVEN, f"experiment={experiment}") as (config, _):
        return OmegaConf.to_container(config, resolve=True)


@pytest.mark.parametrize("row", ROWS)
def test_a_row_is_its_terms_and_nothing_else(row: str):
    student, _, name = row.partition("/")
    ours = settled(f"distillation/{row}")
    like, _ = composition("pixelwise", *GIVEN)
    assert set(ours["loss"]) == TERMS[name] | (BDNET if student == "bdnet" else SINGLE)
    apart = APART if student == "bdnet" else (*APART, "model")
    assert without(ours, apart) == without(like, apart)
    if student == "single_frame":
        assert ours["model"] == composition("single_frame", *GIVEN)[0]["model"]
    assert ours["name"] == f"small/distillation/test_resnet/{row}"


@pytest.mark.parametrize("row", STUDENT_TEACHER)
def test_teacher_student_rows_add_a_term_or_frames(row: str):
    ours = settled(f"teacher_student/{row}")
    like, _ = composition("pixelwise" if row != "none" else "single_frame", *GIVEN)
    apart = (*APART, "model", "data.unlabelled")
    assert without(ours, apart) == without(like, apart)
    assert set(ours["loss"]) == SINGLE | STUDENT_TEACHER[row]
    assert (ours["data"]["unlabelled"] > 0) == (row == "unlabelled")
    assert ours["model"] == composition("single_frame", *GIVEN)[0]["model"]
    weights = {term: each["weight"] for term, each in ours["loss"].items()}
    assert weights.items() <= {"segmentation": 1.0, "zero_order": 4.0, "first_order": 0.4}.items()


@pytest.mark.parametrize("student", ["bdnet", "single_frame"])
def test_the_table_leaves_no_distillation_out(student: str):
    table = OmegaConf.load(conf_folder() / "table/distillation.yaml")
    label = {"bdnet": "BDNet", "single_frame": "single-frame"}[student]
    mine = [row for row in table.rows if row.label.startswith(f"{label},")]
    compared = [set(settled(row.experiment)["loss"]) for row in mine]
    assert len({frozenset(each) for each in compared}) == len(compared)
    every = {
        path.stem
        for path in conf_folder().glob("loss/*.yaml")
        if issubclass(get_class(OmegaConf.load(path)[path.stem]._target_), TeacherLoss)
    }
    assert set().union(*compared) - BDNET == every - {"grouped"}  # which is of sub-networks


def test_published_weights():
    weights = {
        key: value
        for path in conf_folder().glob("loss/*.yaml")
        for key, value in flat(OmegaConf.to_container(OmegaConf.load(path)))
    }
    assert (weights["bpkd_body.weight"], weights["bpkd_edge.weight"]) == (20.0, 50.0)
    assert weights["bpkd_edge.alpha"] == 2.0
    assert weights["bpkd_edge.width"] == weights["bpkd_body.width"] == 7
    assert (weights["zero_order.weight"], weights["first_order.weight"]) == (4.0, 0.4)
    assert (weights["channelwise.weight"], weights["channelwise.tau"]) == (3.0, 4.0)

"""Whole networks out of checkpoints, and parts of one for another."""

import logging
from pathlib import Path

import pytest
import torch

from bdnet.models.checkpoints import inherit, restore
from bdnet.models.errors import BadModel
from networks import build, has_weights_of, saved


def test_a_network_is_restored_out_of_a_training_checkpoint(tmp_path: Path):
    path = saved(build("+model=bdnet"), tmp_path / "last.ckpt", **{"objective.x": torch.ones(2)})
    model = build("+model=bdnet")
    restore(model, path)
    wanted = {"backbone": True, "boundary": True, "head": True}
    assert has_weights_of(model, path, *wanted) == wanted


def test_another_network_is_not_restored(tmp_path: Path):
    path = saved(build("+model=bdnet"), tmp_path / "last.ckpt")
    model = build("+model=bdnet", "model/boundary=none")
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(BadModel, match=r"checkpoint=.*last\.ckpt: .*BDNet"):
        restore(model, path)
    with pytest.raises(BadModel, match=r"\[3, 96, 3, 3\].*\[5, 96, 3, 3\]"):
        restore(build("+model=bdnet", classes=5), path)
    with pytest.raises(BadModel, match=r"absent\.ckpt"):
        restore(model, tmp_path / "absent.ckpt")
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_a_row_starts_from_its_base_and_a_new_part_stays_new(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    path = saved(build("+model=single_frame"), tmp_path / "base/last.ckpt")
    model = build("+model=bdnet", "model/boundary=warped")
    new = {k: v.clone() for k, v in model.state_dict().items() if k.startswith("boundary.")}
    with caplog.at_level(logging.INFO):
        inherit(model, [path])
    assert has_weights_of(model, path, "backbone", "head", "boundary") == {
        "backbone": True, "head": True, "boundary": False,
    }  # fmt: skip
    assert new
    assert all(torch.equal(model.state_dict()[name], tensor) for name, tensor in new.items())
    assert f"weights of {path.parent}: backbone, head; new here: boundary" in caplog.text


def test_a_part_that_is_not_wanted_is_left(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    path = saved(build("+model=bdnet"), tmp_path / "base/last.ckpt")
    model = build("+model=single_frame")
    with caplog.at_level(logging.INFO):
        inherit(model, [path])
    assert has_weights_of(model, path, "backbone", "head") == {"backbone": True, "head": True}
    assert "backbone, head; not used: boundary" in caplog.text


def test_parts_of_other_shapes_are_not_inherited(tmp_path: Path):
    path = saved(build("+model=single_frame"), tmp_path / "base/last.ckpt")
    with pytest.raises(BadModel, match=r"init_from=.*base: head\.branches\.0\.weight is \[3, 96"):
        inherit(build("+model=bdnet", classes=5), [path])
    with pytest.raises(BadModel, match=r"init_from=.*base: backbone\."):
        inherit(build("+model=bdnet", backbone="resnet10t"), [path])


def test_a_checkpoint_with_nothing_to_inherit_is_refused(tmp_path: Path):
    torch.save({"state_dict": {"teacher.x": torch.ones(1)}}, tmp_path / "last.ckpt")
    with pytest.raises(BadModel, match=r"init_from=.*SingleFrame"):
        inherit(build("+model=single_frame"), [tmp_path / "last.ckpt"])

"""A teacher teaches and does not learn."""

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from networks import build, ends, random_clip
from torch import nn

from bdnet.application import conf_folder
from bdnet.models.errors import BadModel
from bdnet.models.teacher import Frozen, NoTeacher


def test_it_stays_in_evaluation_and_does_not_learn():
    teacher = Frozen(build("+model=single_frame"))
    parent = nn.ModuleList([teacher]).train()
    assert parent.training
    assert not any(module.training for module in teacher.modules())
    assert not any(each.requires_grad for each in teacher.parameters())
    clip = ends(random_clip(64, 96, 3, [2]))
    before = {name: each.clone() for name, each in teacher.state_dict().items()}
    seen = teacher(clip._replace(images=clip.images.requires_grad_()))
    assert not seen.logits.requires_grad
    assert not seen.features.requires_grad
    assert all(torch.equal(each, before[name]) for name, each in teacher.state_dict().items())


@pytest.mark.parametrize("name", ["single_frame", "bdnet"])
def test_it_sees_the_target_alone(name: str):
    model = build(f"+model={name}")
    clip = random_clip(64, 96, 4, [2, 3])
    seen = Frozen(model)(ends(clip))
    single = build("+model=single_frame", "model/boundary=warped" if name == "bdnet" else "+_=0")
    single.load_state_dict(model.state_dict())
    torch.testing.assert_close(seen.logits, single(clip).logits, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("prefix", ["", "student."])
def test_a_checkpoint_may_hold_more_than_the_network(prefix: str, tmp_path):
    trained = build("+model=single_frame")
    weights = {f"{prefix}{name}": each + 1 for name, each in trained.state_dict().items()}
    path = tmp_path / "last.ckpt"
    torch.save({"epoch": 2, "state_dict": weights | {"loss.adapter": torch.zeros(3)}}, path)
    teacher = Frozen(build("+model=single_frame"), str(path))
    assert all(
        torch.equal(each, weights[f"{prefix}{name}"])
        for name, each in teacher.model.state_dict().items()
    )


def test_a_checkpoint_of_other_settings_is_refused(tmp_path):
    path = tmp_path / "last.ckpt"
    torch.save(build("+model=single_frame", classes=4).state_dict(), path)
    with pytest.raises(BadModel, match=r"branches.*is \[4, 96, 3, 3\], not \[3, 96, 3, 3\]"):
        Frozen(build("+model=single_frame"), str(path))
    with pytest.raises(BadModel, match="does not hold this BDNet"):
        Frozen(build("+model=bdnet"), str(path))
    torch.save({"student." + k: v for k, v in build("+model=bdnet").state_dict().items()}, path)
    with pytest.raises(BadModel, match="does not hold this SingleFrame"):
        Frozen(build("+model=single_frame"), str(path))


def test_nobody_says_nothing():
    assert NoTeacher()(random_clip(64, 96, 2, [1])) is None
    assert not NoTeacher.exists


def test_configuration():
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        none = compose(overrides=["+teacher=none"])
        hrnet = compose(
            overrides=[
                *("+teacher=hrnet", "teacher.model.backbone=hrnet_w18_small", "+classes=3"),
                "teacher.checkpoint=null",
            ]
        )
    assert isinstance(instantiate(none.teacher), NoTeacher)
    teacher = instantiate(hrnet.teacher, _convert_="all")
    assert teacher(random_clip(64, 96, 2, [1])).logits.shape == (1, 3, 16, 24)

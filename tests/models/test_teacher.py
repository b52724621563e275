"""A teacher teaches and does not learn."""

from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from torch import nn

from bdnet.cli.conf import conf_folder
from bdnet.models.errors import BadModel
from bdnet.models.teacher import Frozen, Grouped, NoTeacher
from networks import build, first_and_last, random_clip


def test_it_stays_in_evaluation_and_does_not_learn():
    teacher = Frozen(build("+model=single_frame"))
    parent = nn.ModuleList([teacher]).train()
    assert parent.training
    assert not any(module.training for module in teacher.modules())
    assert not any(parameter.requires_grad for parameter in teacher.parameters())
    clip = first_and_last(random_clip(64, 96, 3, [2]))
    before = {name: tensor.clone() for name, tensor in teacher.state_dict().items()}
    seen = teacher(clip._replace(images=clip.images.requires_grad_()))
    assert not seen.logits.requires_grad
    assert not seen.features.requires_grad
    assert all(torch.equal(tensor, before[name]) for name, tensor in teacher.state_dict().items())


@pytest.mark.parametrize("name", ["single_frame", "bdnet"])
def test_it_sees_the_target_alone(name: str):
    model = build(f"+model={name}")
    clip = random_clip(64, 96, 4, [2, 3])
    seen = Frozen(model)(first_and_last(clip))
    single = build("+model=single_frame", "model/boundary=warped" if name == "bdnet" else "+_=0")
    single.load_state_dict(model.state_dict())
    torch.testing.assert_close(seen.logits, single(clip).logits, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("prefix", ["", "student."])
def test_a_checkpoint_may_hold_more_than_the_network(prefix: str, tmp_path):
    trained = build("+model=single_frame")
    weights = {f"{prefix}{name}": tensor + 1 for name, tensor in trained.state_dict().items()}
    path = tmp_path / "last.ckpt"
    torch.save({"epoch": 2, "state_dict": weights | {"loss.adapter": torch.zeros(3)}}, path)
    teacher = Frozen(build("+model=single_frame"), str(path))
    assert all(
        torch.equal(tensor, weights[f"{prefix}{name}"])
        for name, tensor in teacher.model.state_dict().items()
    )


def test_a_checkpoint_of_other_settings_is_refused(tmp_path):
    path = tmp_path / "last.ckpt"
    torch.save(build("+model=single_frame", classes=4).state_dict(), path)
    with pytest.raises(BadModel, match=r"branches.*\[4, 96, 3, 3\].*\[3, 96, 3, 3\]"):
        Frozen(build("+model=single_frame"), str(path))
    with pytest.raises(BadModel, match="BDNet"):
        Frozen(build("+model=bdnet"), str(path))
    torch.save({"student." + k: v for k, v in build("+model=bdnet").state_dict().items()}, path)
    with pytest.raises(BadModel, match="SingleFrame"):
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


@pytest.mark.parametrize("name", ["single_frame", "bdnet"])
def test_groups_are_the_heads(name: str):
    model = build(f"+model={name}", "model/head=pspnet", "model/boundary=none")
    clip = first_and_last(random_clip(61, 99, 3, [2, 1]))
    seen, whole = Grouped(model, 3)(clip), Frozen(model)(clip)
    for part in ("logits", "features"):
        actual, expected = getattr(seen, part), getattr(whole, part)
        torch.testing.assert_close(actual, expected, atol=1e-4, rtol=1e-4)
    expected = model.head.score_groups(model.head.mixed(seen.features, 3))
    assert expected.shape == (2, 3, 3, 8, 13)
    torch.testing.assert_close(seen.groups, expected, atol=1e-4, rtol=1e-4)
    assert not seen.groups.requires_grad
    assert whole.groups is None


def test_groups_see_what_goes_into_the_head():
    model = build("+model=single_frame", "model/head=pspnet", "model/boundary=warped")
    clip = first_and_last(random_clip(61, 99, 2, [1]))
    seen, whole = Grouped(model, 1)(clip), Frozen(model)(clip)
    torch.testing.assert_close(seen.groups[:, 0], whole.logits, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(seen.edges, whole.edges)
    assert seen.edges.shape == (1, 1, 16, 25)


def test_groups_need_the_head_that_has_them():
    with pytest.raises(BadModel, match=r"SingleFrame.*DeepLabV2.*=pspnet"):
        Grouped(build("+model=single_frame"))
    with pytest.raises(BadModel, match="HRNet"):
        Grouped(build("+model=hrnet", "model.backbone=hrnet_w18_small"))
    with pytest.raises(BadModel, match=r"96 channels .* 5"):
        Grouped(build("+model=psp18"), 5)


def test_configuration_of_groups(tmp_path: Path):
    trained = build("+model=psp101")
    torch.save(trained.state_dict(), tmp_path / "last.ckpt")
    chosen = ["teacher.model.backbone=test_resnet", f"teacher.checkpoint={tmp_path}/last.ckpt"]
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        assert compose(overrides=["+teacher=pspnet"]).teacher.model.backbone == "resnet101s"
        config = compose(overrides=["+teacher=pspnet", *chosen, "teacher.groups=2", "+classes=3"])
    teacher = instantiate(config.teacher, _convert_="all")
    clip = random_clip(64, 96, 2, [1])
    assert teacher(clip).groups.shape == (1, 2, 3, 8, 12)
    torch.testing.assert_close(teacher(clip).logits, trained(clip).logits, atol=1e-4, rtol=1e-4)

"""What does not go together is refused, and what does is left as it was."""

from functools import partial
from pathlib import Path

import pytest
import torch
from hydra.utils import instantiate
from torch import nn

from bdnet.losses import UnmetNeed
from bdnet.losses.grouped import GroupedLoss
from bdnet.losses.inner import Inner
from bdnet.losses.pixelwise import Pixelwise
from bdnet.losses.segmentation import SegmentationLoss
from bdnet.models.base import VideoModel
from bdnet.models.errors import BadModel
from bdnet.models.tdnet.tdnet import TDNet
from bdnet.models.teacher import Frozen, Grouped, NoTeacher, Teacher
from bdnet.training.assembly import blank, join, predict
from bdnet.training.optimization import Poly
from tiny_training import BANDS, composed, settings

POLY = Poly(torch.optim.SGD, lr=0.1)


def network(classes: int = 3) -> VideoModel:
    with composed(*settings(Path("none"), Path("none")), f"classes={classes}") as (config, _):
        model: VideoModel = instantiate(config.model, _convert_="all")
    return model


def joined(student: VideoModel, teacher: Teacher, **terms: partial) -> nn.Module:
    return join(student, teacher, terms, POLY, BANDS, 4, 10)


def test_a_number_of_classes_that_is_not_the_datas_is_refused():
    with pytest.raises(BadModel, match=r"the model has 5 .* 3 \(road, car, person\): use a"):
        joined(network(5), NoTeacher(), segmentation=partial(SegmentationLoss))
    with pytest.raises(BadModel, match=r"the teacher has 4 classes and the data set 3"):
        joined(network(), Frozen(network(4)), segmentation=partial(SegmentationLoss))


def test_a_term_that_needs_what_is_not_there_is_refused():
    with pytest.raises(UnmetNeed, match="'pixelwise' needs a teacher and there is none"):
        joined(network(), NoTeacher(), pixelwise=partial(Pixelwise))
    with pytest.raises(UnmetNeed, match=r"loss=\[\]: nothing to train for"):
        joined(network(), NoTeacher())


def test_an_interval_that_teaches_a_part_of_the_network_only_is_refused():
    student = TDNet(3, "test_resnet", width=16)
    terms = {"segmentation": partial(SegmentationLoss)}
    with pytest.raises(BadModel, match=r"interval=3: too short for this TDNet .* use interval=4"):
        join(student, NoTeacher(), terms, POLY, BANDS, 3, 10)
    join(student, NoTeacher(), terms, POLY, BANDS, 4, 10)


def test_groups_of_the_teacher_are_as_many_as_sub_networks():
    student = TDNet(3, "test_resnet", paths=2, width=16)
    with composed("model=psp18", "model.backbone=test_resnet", "classes=3") as (config, _):
        network = instantiate(config.model, _convert_="all")
    with pytest.raises(UnmetNeed, match=r"2 sub-networks .* 4 groups .* use teacher\.groups=2"):
        joined(student, Grouped(network, 4), grouped=partial(GroupedLoss))
    joined(student, Grouped(network, 2), grouped=partial(GroupedLoss))
    with pytest.raises(UnmetNeed, match=r"needs groups and the teacher .* teacher=pspnet"):
        joined(student, Frozen(network), grouped=partial(GroupedLoss))


def test_an_adapter_fits_both_networks():
    teacher = Frozen(network())
    distiller = joined(network(), teacher, inner=partial(Inner))
    adapter = distiller.get_submodule("objective.terms.inner.adapter")
    features = predict(teacher, blank(4)).features
    assert adapter.weight.shape[:2] == (features.shape[1], features.shape[1])


def test_a_look_at_a_network_leaves_it_as_it_was():
    model = network().train()
    model.head.eval()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    seen = predict(model, blank(4))
    assert seen.logits.shape[:2] == (1, 3)
    assert not seen.logits.requires_grad
    assert model.training
    assert model.backbone.training
    assert not model.head.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize("interval", [1, 2, 6])
def test_the_clip_to_look_at_is_one(interval: int):
    clip = blank(interval)
    single = type(clip)(*(batch[0] for batch in clip))
    assert single.checked() is single
    assert int(single.offset) == interval - 1

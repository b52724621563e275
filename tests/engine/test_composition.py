"""What does not go together is refused, and what does is left as it was."""

from functools import partial
from pathlib import Path

import pytest
import torch
from hydra.utils import instantiate
from torch import nn

from bdnet.engine.composition import blank, join, predict
from bdnet.engine.optimization import Poly
from bdnet.losses import UnmetNeed
from bdnet.losses.inner import Inner
from bdnet.losses.pixelwise import Pixelwise
from bdnet.losses.segmentation import Segmentation
from bdnet.models.base import VideoModel
from bdnet.models.errors import BadModel
from bdnet.models.teacher import Frozen, NoTeacher, Teacher
from training import BANDS, composed, settings

POLY = Poly(torch.optim.SGD, lr=0.1)


def network(classes: int = 3) -> VideoModel:
    with composed(*settings(Path("none"), Path("none")), f"classes={classes}") as (config, _):
        found: VideoModel = instantiate(config.model, _convert_="all")
    return found


def joined(student: VideoModel, teacher: Teacher, **terms: partial) -> nn.Module:
    return join(student, teacher, terms, POLY, BANDS, 4, 10)


def test_a_number_of_classes_that_is_not_the_datas_is_refused():
    with pytest.raises(BadModel, match=r"the model tells 5 .* has 3 \(road, car, person\): use a"):
        joined(network(5), NoTeacher(), segmentation=partial(Segmentation))
    with pytest.raises(BadModel, match=r"the teacher tells 4 classes apart and the data set has 3"):
        joined(network(), Frozen(network(4)), segmentation=partial(Segmentation))


def test_a_term_that_needs_what_is_not_there_is_refused():
    with pytest.raises(UnmetNeed, match="'pixelwise' needs a teacher and there is none"):
        joined(network(), NoTeacher(), pixelwise=partial(Pixelwise))
    with pytest.raises(UnmetNeed, match=r"loss=\[\]: nothing to train for"):
        joined(network(), NoTeacher())


def test_an_adapter_fits_both_networks():
    teacher = Frozen(network())
    distiller = joined(network(), teacher, inner=partial(Inner))
    adapter = distiller.get_submodule("objective.terms.inner.adapter")
    features = predict(teacher, blank(4)).features
    assert adapter.weight.shape[:2] == (features.shape[1], features.shape[1])


def test_a_look_at_a_network_leaves_it_as_it_was():
    model = network().train()
    model.head.eval()
    before = {name: each.clone() for name, each in model.state_dict().items()}
    seen = predict(model, blank(4))
    assert seen.logits.shape[:2] == (1, 3)
    assert not seen.logits.requires_grad
    assert model.training
    assert model.backbone.training
    assert not model.head.training
    assert all(torch.equal(each, before[name]) for name, each in model.state_dict().items())


@pytest.mark.parametrize("interval", [1, 2, 6])
def test_the_clip_to_look_at_is_one(interval: int):
    clip = blank(interval)
    single = type(clip)(*(each[0] for each in clip))
    assert single.checked() is single
    assert int(single.offset) == interval - 1

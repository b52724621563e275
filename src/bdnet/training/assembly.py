"""Whether student, teacher and objective go together, and the Distiller that joins them."""

from collections.abc import Mapping
from functools import partial

import torch
from torch import nn

from bdnet.data.classes import Classes
from bdnet.losses import Loss, Objective, Offer
from bdnet.models.base import VideoModel
from bdnet.models.errors import BadModel
from bdnet.models.teacher import Teacher
from bdnet.training.distiller import Distiller
from bdnet.training.optimization import Poly
from bdnet.types import CELL, IGNORE, Clip, Prediction

SIZE = 8 * CELL  # pixels: the smallest picture that every network takes


def join(
    student: VideoModel,
    teacher: Teacher,
    terms: Mapping[str, partial[Loss]],
    optimization: Poly,
    classes: Classes,
    interval: int,
    steps: int,
) -> Distiller:
    """Refuses what does not go together, before anything long starts."""
    if steps and interval < student.least_interval:
        raise BadModel(
            f"interval={interval}: too short for this {type(student).__name__} to learn all that "
            f"it does with the frames before; say interval={student.least_interval} or more"
        )
    optimization.check(steps)
    clip = blank(interval)
    seen = predict(student, clip)
    taught = predict(teacher, clip) if teacher.exists else None
    _check("model", seen, classes)
    if taught is not None:
        _check("teacher", taught, classes)
    objective = Objective(terms, Offer.of(seen), None if taught is None else Offer.of(taught))
    with torch.no_grad():
        objective(seen, taught, clip)  # what terms find wrong is found now
    return Distiller(student, teacher, objective, optimization, classes, interval, steps)


def blank(interval: int) -> Clip:
    """A batch of one grey clip without motion or labels, with all its images."""
    steps, cells = interval - 1, SIZE // CELL
    return Clip(
        torch.zeros(1, max(2, interval), 3, SIZE, SIZE),
        torch.zeros(1, steps, 2, cells, cells),
        torch.ones(1, steps, cells, cells, dtype=torch.bool),
        torch.full((1, SIZE, SIZE), IGNORE),
        torch.tensor([steps]),
    )


@torch.no_grad()
def predict(network: nn.Module, clip: Clip) -> Prediction:
    """What a network says, which leaves it as it was."""
    modes = {module: module.training for module in network.modules()}
    prediction: Prediction = network.eval()(clip)
    for module, is_training in modes.items():
        module.training = is_training
    return prediction


def _check(who: str, prediction: Prediction, classes: Classes) -> None:
    found = prediction.logits.shape[1]
    if found != len(classes):
        raise BadModel(
            f"the {who} tells {found} classes apart and the data set has {len(classes)} "
            f"({', '.join(classes.names)}): use a {who} made for these, or another data set"
        )

"""Joins student, teacher and loss terms of a run, and refuses parts that do not fit."""

from collections.abc import Mapping
from functools import partial

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig
from torch import nn

from bdnet.data.classes import Classes
from bdnet.losses import Loss, Objective, Offer
from bdnet.models.base import VideoModel
from bdnet.models.errors import BadModel
from bdnet.models.teacher import Teacher
from bdnet.training.distiller import Distiller
from bdnet.training.evaluator import Evaluator
from bdnet.training.optimization import Poly
from bdnet.types import CELL, IGNORE, Clip, Prediction

SIZE = 8 * CELL  # pixels: the smallest picture that every network takes


def assemble(
    config: DictConfig, student: VideoModel, classes: Classes, teacher: nn.Module | None = None
) -> Evaluator:
    """A Distiller, or an Evaluator for a run that only tests another one.

    teacher: replaces the network of the configured teacher
    """
    if config.evaluates is not None:
        _check("model", predict(student, blank(config.interval)), classes)
        return Evaluator(student, classes, config.interval)
    model = {} if teacher is None else {"model": teacher}
    return join(
        student,
        instantiate(config.teacher, _convert_="all", **model),
        instantiate(config.loss, _convert_="all"),
        instantiate(config.optimizer, _convert_="all"),
        classes,
        config.interval,
        config.steps,
    )


def join(
    student: VideoModel,
    teacher: Teacher,
    terms: Mapping[str, partial[Loss]],
    optimization: Poly,
    classes: Classes,
    interval: int,
    steps: int,
) -> Distiller:
    """Joins the parts, and tries them on a blank clip to find a misfit before a long training."""
    if interval < student.least_interval:
        raise BadModel(
            f"interval={interval}: too short for this {type(student).__name__} to learn how it "
            f"uses earlier frames; use interval={student.least_interval} or more"
        )
    optimization.check(steps)
    clip = blank(interval)
    predicted = predict(student, clip)
    teacher.for_classes(classes)
    taught = predict(teacher, clip) if teacher.exists else None
    _check("model", predicted, classes)
    if taught is not None:
        _check("teacher", taught, classes)
    offered = None if taught is None else Offer.of(taught)
    objective = Objective(terms, Offer.of(predicted), offered)
    with torch.no_grad():
        objective(predicted, taught, clip)  # terms raise errors about maps that do not fit them
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
    """A network's prediction in evaluation mode; its modules keep their modes."""
    modes = {module: module.training for module in network.modules()}
    prediction: Prediction = network.eval()(clip)
    for module, is_training in modes.items():
        module.training = is_training
    return prediction


def _check(role: str, prediction: Prediction, classes: Classes) -> None:
    count = prediction.logits.shape[1]
    if count != len(classes):
        raise BadModel(
            f"the {role} has {count} classes and the data set {len(classes)} "
            f"({', '.join(classes.names)}): use a {role} made for these, or another data set"
        )

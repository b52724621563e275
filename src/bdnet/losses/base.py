"""The interface of loss terms, and the objective that adds them up."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import partial
from typing import ClassVar, NamedTuple, cast

import torch
from torch import Tensor, nn

from bdnet.errors import BdnetError
from bdnet.types import Clip, Prediction


class UnmetNeed(BdnetError):
    """A loss term needs a prediction that the chosen networks do not make."""


class Offer(NamedTuple):
    """The parts that a network predicts.

    parts:    names of fields of Prediction
    features: channels of the deep feature; None without it
    """

    parts: frozenset[str] = frozenset()
    features: int | None = None

    @classmethod
    def of(cls, prediction: Prediction) -> "Offer":
        """The offer of the network that made this prediction."""
        parts = frozenset(
            name for name, tensor in prediction._asdict().items() if tensor is not None
        )
        features = None if prediction.features is None else prediction.features.shape[1]
        return cls(parts, features)


REMEDIES = {  # by the missing part of a prediction
    "features": "choose another {who} (teacher=segmenter has scores only)",
    "edges": "choose a boundary stream, as in model/boundary=warped",
    "flow": "choose a {who} that estimates motion, as in model=dff",
    "auxiliary": "choose a {who} with an auxiliary head, as in model=td4_psp18",
    "single_path": "choose a {who} of sub-networks, as in model=td4_psp18",
    "group": "choose a {who} of sub-networks, as in model=td4_psp18",
    "groups": "choose a {who} whose head is split, as in teacher=pspnet",
}


class Loss(nn.Module, ABC):
    """One term of the objective: LabelLoss, TeacherLoss or MotionLoss, which compute in float32.

    weight: factor of the term in the objective

    Void pixels never count. A sample whose labels are all void is an unlabelled frame: a LabelLoss
    is exactly 0 there, and a TeacherLoss counts all of its pixels. A mean is over all counted
    pixels of the batch.
    """

    needs_teacher: ClassVar[bool]
    needs: ClassVar[tuple[str, ...]] = ()  # parts of the student's prediction besides logits
    needs_taught: ClassVar[tuple[str, ...]] = ()  # parts of the teacher's
    adapts: ClassVar[bool] = False  # its constructor takes student_channels and teacher_channels

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = weight

    @abstractmethod
    def forward(self, student: Prediction, teacher: Prediction | None, clip: Clip) -> Tensor:
        """A float32 scalar, without the weight."""


class LabelLoss(Loss):
    """A term that compares the student with the labels."""

    needs_teacher: ClassVar[bool] = False

    def forward(
        self,
        student: Prediction,
        teacher: Prediction | None,  # noqa: ARG002  # of all terms alike
        clip: Clip,
    ) -> Tensor:
        with torch.autocast(student.logits.device.type, enabled=False):
            return self.value(_precise(student), clip.labels)

    @abstractmethod
    def value(self, student: Prediction, labels: Tensor) -> Tensor:
        """A scalar of float32 predictions and labels [b, H, W]; autocast is off."""


class TeacherLoss(Loss):
    """A term that compares the student with the teacher, which gets no gradient."""

    needs_teacher: ClassVar[bool] = True

    def forward(self, student: Prediction, teacher: Prediction | None, clip: Clip) -> Tensor:
        if teacher is None:
            raise UnmetNeed(
                f"{type(self).__name__} got no teacher: choose one, as in teacher=hrnet"
            )
        with torch.autocast(student.logits.device.type, enabled=False):
            return self.value(_precise(student), _detached(_precise(teacher)), clip.labels)

    @abstractmethod
    def value(self, student: Prediction, teacher: Prediction, labels: Tensor) -> Tensor:
        """A scalar of float32 predictions and labels [b, H, W]; autocast is off."""


class MotionLoss(Loss):
    """A term that compares the student's motion with the stream's, in all clips."""

    needs_teacher: ClassVar[bool] = False
    needs: ClassVar[tuple[str, ...]] = ("flow",)

    def forward(
        self,
        student: Prediction,
        teacher: Prediction | None,  # noqa: ARG002  # of all terms alike
        clip: Clip,
    ) -> Tensor:
        flow = part(student, "flow")
        with torch.autocast(flow.device.type, enabled=False):
            return self.value(flow.float(), clip)

    @abstractmethod
    def value(self, flow: Tensor, clip: Clip) -> Tensor:
        """A scalar of flow [b, 2, h/8, w/8], pixels, float32, and its clip; autocast is off."""


class Objective(nn.Module):
    """The weighted sum of the terms chosen by `loss=[...]`.

    terms:   by name, each term's class with the arguments of its yaml
    teacher: None without a teacher
    """

    def __init__(
        self, terms: Mapping[str, partial[Loss]], student: Offer, teacher: Offer | None
    ) -> None:
        super().__init__()
        if not terms:
            raise UnmetNeed("loss=[]: nothing to train for; choose one, as in loss=[segmentation]")
        built = {}
        for name, term in terms.items():
            kind = cast("type[Loss]", term.func)
            _check(name, kind, student, teacher)
            channels = {
                "student_channels": student.features,
                "teacher_channels": teacher.features if teacher else None,
            }
            built[name] = term(**channels) if kind.adapts else term()
        self.terms = nn.ModuleDict(built)

    def forward(
        self, student: Prediction, teacher: Prediction | None, clip: Clip
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The sum to minimise, and each term's value without its weight or a graph, to log."""
        total = torch.zeros((), device=student.logits.device)
        values = {}
        for name, term in self.terms.items():
            value = term(student, teacher, clip)
            total = total + term.weight * value
            values[name] = value.detach()
        return total, values


def part(prediction: Prediction, name: str) -> Tensor:
    """A part of a prediction, which the term has declared as a need."""
    tensor: Tensor | None = getattr(prediction, name)
    if tensor is None:
        raise UnmetNeed(f"a prediction came without {name}, which the network had offered")
    return tensor


def _check(name: str, kind: type[Loss], student: Offer, teacher: Offer | None) -> None:
    without = f"or leave {name!r} out of loss=[...]"
    if kind.needs_teacher and teacher is None:
        raise UnmetNeed(
            f"loss term {name!r} needs a teacher and there is none: "
            f"choose one, as in teacher=hrnet, {without}"
        )
    wanted = [("student", student, kind.needs)]
    if teacher is not None:
        wanted.append(("teacher", teacher, kind.needs_taught))
    for who, offer, needs in wanted:
        for need in needs:
            if need not in offer.parts:
                raise UnmetNeed(
                    f"loss term {name!r} needs {need} and the {who} predicts none: "
                    f"{REMEDIES[need].format(who=who)}, {without}"
                )


def _precise(prediction: Prediction) -> Prediction:
    return Prediction._make(
        tensor.float() if tensor is not None and tensor.is_floating_point() else tensor
        for tensor in prediction
    )


def _detached(prediction: Prediction) -> Prediction:
    return Prediction._make(None if tensor is None else tensor.detach() for tensor in prediction)

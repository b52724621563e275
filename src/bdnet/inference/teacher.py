"""Any segmenter as a teacher, through the adapters of `accelerate`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor
from torch.nn import functional

from bdnet.data.classes import Classes
from bdnet.data.normalisation import denormalised_images
from bdnet.errors import BdnetError
from bdnet.inference.accelerate.adapters.base import Adapter
from bdnet.inference.accelerate.adapters.choice import Options, adapter_of
from bdnet.inference.accelerate.adapters.modules import Module
from bdnet.inference.accelerate.labels import upsampled
from bdnet.inference.accelerate.scores import LEAST, Output, Shares
from bdnet.models.teacher import Teacher
from bdnet.system.yaml_text import LOADER, yaml_text
from bdnet.types import Clip, Prediction

LINES = 10_000  # values in a file of classes
STRIDE = 4  # pixels: of the scores, as of our HRNet
EXAMPLE = "{road: road, rider: bicyclist, 11: car}"


class Segmenter(Teacher):
    """A network of any library, frozen: it gives probabilities of classes, and no features.

    Its probabilities, summed over its classes that are one class of the data set, are averaged over
    cells of 4x4 pixels. Classes that the data set does not have are left out of the sum.

    network:    as in `accelerate`: torchvision:NAME, hf:NAME, smp:NAME, onnx:FILE; or an object
    classes:    a file with the data set's class for classes of the network, which are given by name
                or number; None: the network has the data set's own
    preprocess: mean, std, size, multiple of the pictures it reads; None: as its library does it
    output:     which of its outputs has the scores
    """

    def __init__(
        self,
        network: Any,
        classes: str | None = None,
        preprocess: Mapping[str, Any] | None = None,
        output: str | int | None = None,
    ) -> None:
        super().__init__()
        self._name = network if isinstance(network, str) else type(network).__name__
        self._adapter: Adapter = adapter_of(network, Options(preprocess, output))
        self._file = None if classes is None else Path(classes)
        self._classes: Classes | None = None
        self._targets: Tensor | None = None  # by class of the network; -1 is none

    def for_classes(self, classes: Classes) -> None:
        self._classes, self._targets = classes, None

    def compile(self, *_: Any, **__: Any) -> None:
        """Stays as it is: pictures leave torch on their way to other libraries."""

    @torch.no_grad()
    def forward(self, clip: Clip) -> Prediction | None:
        pictures = clip.images[:, -1]
        adapter, device = self._adapter, pictures.device
        if isinstance(adapter, Module) and adapter.device != device:  # others run on the CPU
            adapter.to(device)
        images = denormalised_images(pictures).permute(0, 2, 3, 1).cpu().numpy()
        output = adapter(list(images))
        shares = self._shares(output, (images.shape[1], images.shape[2])).to(device)
        cells = functional.avg_pool2d(shares, STRIDE, ceil_mode=True)
        return Prediction(cells.clamp(min=LEAST).log())

    def _shares(self, output: Output, size: tuple[int, int]) -> Tensor:
        """Probabilities of the data set's classes, [b, classes, *size]."""
        scores = output.scores
        if not scores.is_floating_point():
            raise BdnetError(
                f"teacher.network={self._name}: answers with labels, and students learn from "
                "scores; choose the output with the scores (teacher.output=...), or another network"
            )
        whole = upsampled(scores, output.grid(), size)
        own = whole if isinstance(self._adapter.form, Shares) else whole.softmax(1)
        targets = self._mapping(own.shape[1]).to(own.device)
        known, count = targets >= 0, len(self._classes) if self._classes else own.shape[1]
        shares = own.new_zeros(len(own), count, *own.shape[2:])
        shares.index_add_(1, targets[known], own[:, known])
        return shares / shares.sum(1, keepdim=True).clamp(min=LEAST)

    def _mapping(self, count: int) -> Tensor:
        if self._targets is None:
            names = self._adapter.classes.names if self._adapter.classes else ()
            self._targets = torch.tensor(self._targets_of(count, names))
        return self._targets

    def _targets_of(self, count: int, names: Sequence[str]) -> list[int]:
        wanted = self._classes.names if self._classes else tuple(map(str, range(count)))
        if self._file is None:
            if count != len(wanted) or (names and self._classes and tuple(names) != wanted):
                raise BdnetError(
                    f"teacher.network={self._name}: has {count} classes"
                    f"{' (' + ', '.join(names) + ')' if names else ''}, and the data set "
                    f"{len(wanted)} ({', '.join(wanted)}); say which are the same in "
                    f"teacher.classes=FILE, such as {EXAMPLE}"
                )
            return list(range(count))
        targets = [-1] * count
        for own, other in _pairs(self._file).items():
            number = own if isinstance(own, int) else _position(own, names)
            if not 0 <= number < count:
                raise BdnetError(
                    f"teacher.classes={self._file}: {own}: no class of teacher.network="
                    f"{self._name}, which has {', '.join(names) or f'0 to {count - 1}'}"
                )
            if other not in wanted:
                raise BdnetError(
                    f"teacher.classes={self._file}: {own}: {other}: the data set has no such "
                    f"class, but {', '.join(wanted)}"
                )
            targets[number] = wanted.index(other)
        absent = [name for number, name in enumerate(wanted) if number not in targets]
        if absent:
            raise BdnetError(
                f"teacher.classes={self._file}: no class of the network is {', '.join(absent)}: "
                "the teacher would teach that there is none in any picture; name one for each"
            )
        return targets


def _position(name: str, names: Sequence[str]) -> int:
    return names.index(name) if name in names else -1


def _pairs(path: Path) -> dict[int | str, str]:
    """The file's lines `class of the network: class of the data set`."""
    try:
        content = yaml.load(yaml_text(path, LINES), LOADER)
    except (BdnetError, ValueError, yaml.YAMLError) as error:
        raise BdnetError(f"teacher.classes={error}; give lines as in {EXAMPLE}") from error
    if not isinstance(content, dict) or not content:
        raise BdnetError(f"teacher.classes={path}: give lines as in {EXAMPLE}")
    return {own if isinstance(own, int) else str(own): str(other) for own, other in content.items()}

"""Networks of our own training runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bdnet.data.normalisation import normalise_images
from bdnet.inference.accelerate.adapters.base import as_maps
from bdnet.inference.accelerate.adapters.modules import Module
from bdnet.inference.accelerate.adapters.preprocessing import Batch, Image, Preprocess
from bdnet.inference.accelerate.labels import LabelMaps
from bdnet.inference.accelerate.scores import Form, Output, Probabilities
from bdnet.inference.network import Network, load
from bdnet.models.base import Step
from bdnet.models.for_inference import for_inference
from bdnet.motion.upsampling import label_map, stride_of


class OwnRun(Module):
    """A run's network on single frames as on its keyframes, with the labels of `predict run=`."""

    def __init__(self, network: Network, form: Form | None = None, **rest: Any) -> None:
        model = for_inference(network.model).to(memory_format=torch.channels_last)
        super().__init__(model, AsInTraining(), form=form or OwnLabels(), **rest)
        self.classes = network.classes

    def output(self, batch: Batch) -> Output:
        scores = as_maps(self.model.step(self.model.start(), Step(batch.pictures, is_key=True))[1])
        # its cells are a power of two, and the last ones may hang over the edge
        stride = max(
            stride_of(size, cells)
            for size, cells in zip(batch.pictures.shape[-2:], scores.shape[-2:], strict=True)
        )
        rows, columns = scores.shape[-2:]
        return Output(scores, (stride * rows, stride * columns))


class AsInTraining(Preprocess):
    """Pictures in the numbers and the memory format of `inference.labeller`."""

    def __call__(self, images: Sequence[Image], device: torch.device) -> Batch:
        pictures = torch.from_numpy(np.stack(images)).to(device).permute(0, 3, 1, 2)
        height, width = pictures.shape[-2:]
        return Batch(normalise_images(pictures), (height, width))


class OwnLabels(Probabilities):
    """Labels by the same function as everywhere for our own networks."""

    def labels(self, scores: Tensor, maps: LabelMaps) -> NDArray[Any]:
        return label_map(scores, *maps.size)[0].cpu().numpy()


def own_run(folder: Path, **rest: Any) -> OwnRun:
    return OwnRun(load(folder), **rest)

"""Networks of Hugging Face's transformers."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from bdnet.data.classes import Classes, default_colours
from bdnet.inference.accelerate.adapters.modules import Module
from bdnet.inference.accelerate.adapters.preprocessing import Batch, Preprocess
from bdnet.inference.accelerate.scores import Output, Shares
from bdnet.models.precision import autocast

MASK2FORMER_SIZE = (384, 384)  # to which its own post-processing resizes masks, at any input


class HuggingFace(Module):
    """With `.logits`; or with queries, each of which has a class and a mask."""

    def __init__(self, model: nn.Module, preprocess: Preprocess | None = None, **rest: Any) -> None:
        super().__init__(model, preprocess, **rest)
        self.classes = classes_of(model)
        self._has_own_size = "mask2former" in type(model).__name__.lower()

    def output(self, batch: Batch) -> Output:
        answer = self.forward(batch.pictures)
        if "class_queries_logits" not in answer:
            return Output(self._choose(answer), batch.extent)
        if not isinstance(self.form, Shares):
            self.form = Shares()
        size = MASK2FORMER_SIZE if self._has_own_size else None
        queries, masks = answer.class_queries_logits, answer.masks_queries_logits
        with autocast(self.device, "float32"):
            maps = class_maps(queries.float(), masks.float(), size)
        return Output(maps, batch.extent)

    @staticmethod
    def fits(model: nn.Module) -> bool:
        return any(kind.__module__.startswith("transformers.") for kind in type(model).__mro__)


def class_maps(queries: Tensor, masks: Tensor, size: tuple[int, int] | None = None) -> Tensor:
    """[b, q, classes + 1] and [b, q, h, w] -> [b, classes, h, w], as transformers combines them."""
    if size is not None:
        masks = functional.interpolate(masks, size, mode="bilinear", align_corners=False)
    return torch.einsum("bqc,bqhw->bchw", queries.softmax(-1)[..., :-1], masks.sigmoid())


def classes_of(model: nn.Module) -> Classes | None:
    """Their names, as the model's configuration knows them."""
    names = getattr(getattr(model, "config", None), "id2label", None) or {}
    ordered = [str(names[number]) for number in sorted(names)]
    if not ordered or len(set(ordered)) < len(ordered) or len(ordered) > 253:
        return None
    return Classes(tuple(ordered), tuple(default_colours(len(ordered))))

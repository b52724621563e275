"""Networks that are any function of a picture."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch

from bdnet.inference.accelerate.adapters.base import Adapter, Choose, choose
from bdnet.inference.accelerate.adapters.preprocessing import Batch, Image, Preprocess
from bdnet.inference.accelerate.scores import Form, Output


class Function(Adapter):
    """uint8 RGB [H, W, 3] -> scores [c, h, w], with or without a leading 1, or labels [h, w]."""

    batches: ClassVar[bool] = False

    def __init__(
        self, function: Any, output: str | int | Choose | None = None, form: Form | None = None
    ) -> None:
        super().__init__(Untouched(), form)
        self.function, self._choose = function, choose(output)

    def answer(self, batch: Batch) -> Output:
        answers = [self._choose(_tensors(self.function(image.numpy()))) for image in batch.pictures]
        return Output(torch.cat(answers), batch.extent)


class Untouched(Preprocess):
    """Frames as they are, uint8 [b, H, W, 3]."""

    def __call__(self, images: Sequence[Image], device: torch.device) -> Batch:
        pictures = torch.from_numpy(np.stack(images)).to(device)
        return Batch(pictures, (images[0].shape[0], images[0].shape[1]))


def _tensors(answer: Any) -> Any:
    """An answer for one picture as one for a batch of one."""
    if isinstance(answer, np.ndarray):
        answer = torch.from_numpy(np.ascontiguousarray(answer))
    if not isinstance(answer, torch.Tensor):
        return answer
    answer = answer.cpu()
    return answer[None] if answer.ndim <= 3 else answer

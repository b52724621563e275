"""The base of all metrics: counts summed over batches and processes, and checked label maps."""

import torch
from torch import Tensor
from torchmetrics import Metric

from bdnet.types import IGNORE


class CountMetric(Metric):
    """Counts pixels of predicted and true label maps with a given number of classes."""

    is_differentiable = False
    higher_is_better = True
    full_state_update = False

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes

    def add_counts(self, *names: str, shape: tuple[int, ...] = ()) -> None:
        """States of zeros, which torchmetrics adds up."""
        for name in names:
            self.add_state(name, torch.zeros(shape, dtype=torch.int64), dist_reduce_fx="sum")

    def check(self, prediction: Tensor, labels: Tensor) -> None:
        """Refuses maps that would be counted wrongly without any error."""
        if prediction.shape != labels.shape:
            raise ValueError(
                f"prediction is {list(prediction.shape)} and labels are {list(labels.shape)}: "
                "bring the prediction to the labels' size first"
            )
        if not prediction.numel():
            return
        known = labels.where(labels != IGNORE, 0)
        for name, maps in (("prediction holds", prediction), ("labels hold", known)):
            lowest, highest = (int(value) for value in maps.aminmax())
            if lowest < 0 or highest >= self.classes:
                raise ValueError(
                    f"{name} {lowest}..{highest}, classes are 0..{self.classes - 1}; "
                    f"only labels may hold {IGNORE}, for none"
                )


def count(classes_of_pixels: Tensor, classes: int) -> Tensor:
    """[classes]: how often each class number occurs."""
    return classes_of_pixels.bincount(minlength=classes)

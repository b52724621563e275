"""Label maps that metrics are given."""

from torch import Tensor

from bdnet.types import IGNORE


def check(prediction: Tensor, labels: Tensor, classes: int) -> None:
    """Refuses maps that would be counted wrongly without a sign of it."""
    if prediction.shape != labels.shape:
        raise ValueError(
            f"prediction is {list(prediction.shape)} and labels are {list(labels.shape)}: "
            "bring the prediction to the labels' size first"
        )
    if not prediction.numel():
        return
    lowest, highest = (int(value) for value in prediction.aminmax())
    if lowest < 0 or highest >= classes:
        raise ValueError(f"prediction holds {lowest}..{highest}, classes are 0..{classes - 1}")
    lowest, highest = (int(value) for value in labels.where(labels != IGNORE, 0).aminmax())
    if lowest < 0 or highest >= classes:
        raise ValueError(
            f"labels hold {lowest}..{highest}, classes are 0..{classes - 1} and {IGNORE} for none"
        )


def count(classes_of_pixels: Tensor, classes: int) -> Tensor:
    """[classes] how often each number occurs."""
    return classes_of_pixels.bincount(minlength=classes)

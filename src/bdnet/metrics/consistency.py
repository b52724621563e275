"""Whether predictions keep still where the world does."""

import torch
from torch import Tensor
from torchmetrics import Metric

from bdnet.metrics.maps import check
from bdnet.types import IGNORE


class VideoConsistency(Metric):
    """VC_n = |stable truth and stable prediction| / |stable truth| over n consecutive frames.

    Stable is a pixel with one class in all of them, and for the prediction not necessarily the true
    one (as published). Pixels are counted over all windows of the data set; the published script
    averages over windows, and then over videos, the ratio in each.

    classes: how many
    frames:  n
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False
    kept: Tensor
    stable: Tensor

    def __init__(self, classes: int, frames: int) -> None:
        super().__init__()
        if frames < 2:
            raise ValueError(f"frames={frames}: consistency needs at least 2")
        self.classes = classes
        self.frames = frames
        for name in ("kept", "stable"):
            self.add_state(name, torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, prediction: Tensor, labels: Tensor) -> None:
        """Classes [b, T, H, W] predicted and true (255: void) of T >= n consecutive frames.

        A video given in pieces needs pieces that overlap by n-1 frames.
        """
        check(prediction, labels, self.classes)
        if labels.shape[1] < self.frames:
            raise ValueError(f"{labels.shape[1]} frames: VC_{self.frames} needs {self.frames}")
        is_known = (labels[:, 1:] != IGNORE) & (labels[:, :-1] != IGNORE)
        stable = self._throughout((labels[:, 1:] == labels[:, :-1]) & is_known)
        kept = stable & self._throughout(prediction[:, 1:] == prediction[:, :-1])
        self.stable += stable.sum()
        self.kept += kept.sum()

    def compute(self) -> Tensor:
        """A share of 1; nan where nothing was stable."""
        return self.kept / self.stable.double()

    def _throughout(self, unchanged: Tensor) -> Tensor:
        """[b, T-n+1, H, W]: so in each of the n-1 steps of a window, of steps [b, T-1, H, W]."""
        windows = unchanged.shape[1] - self.frames + 2
        result = unchanged[:, :windows]
        for step in range(1, self.frames - 1):
            result = result & unchanged[:, step : step + windows]
        return result

"""Whether predictions stay the same where the labels do."""

from torch import Tensor

from bdnet.metrics.base import CountMetric
from bdnet.types import IGNORE


class VideoConsistency(CountMetric):
    """VC_n = |stable truth and stable prediction| / |stable truth| over n consecutive frames.

    A pixel is stable if it has one class in all of them; a stable prediction need not be the true
    class (as published). Pixels are counted over all windows of the data set; the published script
    averages the ratio over windows and then over videos.

    classes: how many
    frames:  n
    """

    kept: Tensor
    stable: Tensor

    def __init__(self, classes: int, frames: int) -> None:
        super().__init__(classes)
        if frames < 2:
            raise ValueError(f"frames={frames}: consistency needs at least 2")
        self.frames = frames
        self.add_counts("kept", "stable")

    def update(self, prediction: Tensor, labels: Tensor) -> None:
        """Classes [b, T, H, W] predicted and true (255: void) of T >= n consecutive frames.

        A video given in pieces needs pieces that overlap by n-1 frames.
        """
        self.check(prediction, labels)
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
        """[b, T-n+1, H, W]: whether a pixel is unchanged in all n-1 steps of a window."""
        windows = unchanged.shape[1] - self.frames + 2
        result = unchanged[:, :windows]
        for step in range(1, self.frames - 1):
            result = result & unchanged[:, step : step + windows]
        return result

"""Whether predictions stay the same where the labels do."""

from typing import NamedTuple

from torch import Tensor

from bdnet.metrics.base import CountMetric
from bdnet.types import IGNORE

UNIT = 2**32  # shares are added up as whole numbers, so that their order changes no bit


class Consistency(NamedTuple):
    """Shares of 1; nan where nothing was stable.

    by_pixel:  of the pixels of all windows
    by_window: the mean over windows, of all videos alike, as the published scripts average
    """

    by_pixel: Tensor
    by_window: Tensor


class VideoConsistency(CountMetric):
    """VC_n = |stable truth and stable prediction| / |stable truth| over n consecutive frames.

    A pixel is stable if it has one class in all of them; a stable prediction need not be the true
    class (as published). The published scripts (VSPW) leave out the last window of each video and
    take void for a class; here neither is so, and a window without a stable pixel has no share.

    classes: how many
    frames:  n
    """

    kept: Tensor
    stable: Tensor
    windows: Tensor
    shares: Tensor

    def __init__(self, classes: int, frames: int) -> None:
        super().__init__(classes)
        if frames < 2:
            raise ValueError(f"frames={frames}: consistency needs at least 2")
        self.frames = frames
        self.add_counts("kept", "stable", "windows", "shares")

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
        of_windows, kept_of_windows = (pixels.sum((-2, -1)) for pixels in (stable, kept))
        has_share = of_windows > 0
        self.windows += has_share.sum()
        self.shares += (UNIT * kept_of_windows[has_share] // of_windows[has_share]).sum()

    def compute(self) -> Consistency:
        by_pixel = self.kept / self.stable.double()
        return Consistency(by_pixel, self.shares / self.windows.double() / UNIT)

    def _throughout(self, unchanged: Tensor) -> Tensor:
        """[b, T-n+1, H, W]: whether a pixel is unchanged in all n-1 steps of a window."""
        windows = unchanged.shape[1] - self.frames + 2
        result = unchanged[:, :windows]
        for step in range(1, self.frames - 1):
            result = result & unchanged[:, step : step + windows]
        return result

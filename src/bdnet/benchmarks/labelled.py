"""Videos of a data set with the label maps of their frames."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bdnet.benchmarks.base import CannotMeasure
from bdnet.data.base import Split
from bdnet.data.module import ClipDataModule
from bdnet.reports.dataset.label_propagation import labels_by_video

Labels = dict[int, NDArray[np.uint8]]  # label maps by frame


def labelled_videos(module: ClipDataModule, split: Split) -> dict[Path, Labels]:
    """The label maps of a split by video and frame, prepared if need be."""
    module.dataset.prepare((split,))
    videos = labels_by_video(module.dataset, module.dataset.samples(split))
    if not videos:
        raise CannotMeasure(f"split={split}: nothing has a label; choose another split")
    return videos

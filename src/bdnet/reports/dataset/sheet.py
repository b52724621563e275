"""Pictures of a data set: keyframe, target, labels and motion, side by side."""

from pathlib import Path

import numpy as np

from bdnet.codec.pixels import Image
from bdnet.data.classes import Classes
from bdnet.motion.accumulation import accumulate
from bdnet.reports.pictures.file import save
from bdnet.reports.pictures.lettering import legend
from bdnet.reports.pictures.paint import paint_labels, paint_motion
from bdnet.types import Clip


def row(clip: Clip, classes: Classes) -> Image:
    """keyframe | target | labels | motion from the target back to the keyframe."""
    keyframe, target = (image.permute(1, 2, 0).numpy() for image in clip.images[[0, -1]])
    motion, valid = accumulate(clip.motion, clip.valid)
    labels = paint_labels(clip.labels.numpy(), classes)
    arrows = paint_motion(motion.numpy(), valid.numpy(), target)
    return np.concatenate([keyframe, target, labels, arrows], 1)


def contact_sheet(clips: list[Clip], classes: Classes, path: Path) -> None:
    """Writes one row per clip, and the legend, as a PNG."""
    rows = [row(clip, classes) for clip in clips]
    width = max(each.shape[1] for each in rows)
    rows = [np.pad(each, ((0, 4), (0, width - each.shape[1]), (0, 0))) for each in rows]
    save(np.concatenate([*rows, legend(classes, width)]), path)

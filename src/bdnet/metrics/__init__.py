"""How good a segmentation is.

Every metric counts pixels over the whole data set, on any device and over processes, and leaves
void (255) out.
"""

from bdnet.metrics.boundary import BoundaryF, BoundaryIoU, ClassScores
from bdnet.metrics.consistency import VideoConsistency
from bdnet.metrics.segmentation import OffsetScores, SegmentationByOffset, iou
from bdnet.metrics.tailing import Tailing, TailingError

__all__ = [
    "BoundaryF",
    "BoundaryIoU",
    "ClassScores",
    "OffsetScores",
    "SegmentationByOffset",
    "Tailing",
    "TailingError",
    "VideoConsistency",
    "iou",
]

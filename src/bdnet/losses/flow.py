"""The student's estimate of motion follows the vectors of the compressed stream."""

import torch
from torch import Tensor

from bdnet.losses.base import MotionLoss
from bdnet.losses.grids import mean_over
from bdnet.motion.accumulation import accumulate
from bdnet.types import CELL, Clip


class FlowLoss(MotionLoss):
    """`mean || flow - D || / 8`, D the vectors composed back to the keyframe [ours].

    Replaces the labelled flow on which the original FlowNet-S was trained. It counts the cells of
    targets whose chain to the keyframe has no hole, and no keyframes, which do not move.
    """

    def value(self, flow: Tensor, clip: Clip) -> Tensor:
        field, valid = accumulate(clip.motion.float(), clip.valid)
        distances = torch.linalg.vector_norm(flow - field, dim=1) / CELL
        return mean_over(distances, valid & (clip.offset > 0)[:, None, None])

"""OpenCV's optical flow as a search for motion."""

from typing import Any

import cv2
import numpy as np

from bdnet.codec.motion import Field
from bdnet.codec.pixels import Image
from bdnet.types import CELL, cells

LEAST = 64  # pixels; on pictures of 24 rows DIS reads memory that is not its own


class FlowSearch:
    """Dense Inverse Search of pictures of one size, averaged over cells."""

    def __init__(self) -> None:
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._before: Any = None

    def prepare(self, grey: Image) -> tuple[Image, Any]:
        height, width = grey.shape
        bottom, right = (max(LEAST, cells(side) * CELL) - side for side in (height, width))
        padded = cv2.copyMakeBorder(grey, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
        before, self._before = self._before, padded
        if before is None:
            return grey, None
        flow: Any = None  # an array would be taken for a first guess
        return grey, self._flow.calc(padded, before, flow)

    def find(self, work: tuple[Image, Any]) -> Field | None:
        grey, flow = work
        if flow is None:
            return None
        height, width = (side // CELL for side in flow.shape[:2])
        rows, columns = (cells(side) for side in grey.shape)
        coarse = cv2.resize(flow, (width, height), interpolation=cv2.INTER_AREA)
        motion = np.ascontiguousarray(coarse[:rows, :columns].transpose(2, 0, 1), np.float32)
        return motion, np.ones((rows, columns), np.bool_)

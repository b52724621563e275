"""Features moved along a motion field."""

import torch
from torch import Tensor
from torch.nn import functional

from bdnet.clip import CELL
from bdnet.models.heads import enlarge


def warp(feature: Tensor, field: Tensor, stride: int = CELL) -> Tensor:
    """F(p) = F_key(p + D(p)), bilinear, the border repeated.

    feature: [b, c, h, w], cell i of it centred on pixel stride * i + (stride - 1) / 2; stride 8 or
             a smaller power of two, h and w filling whole cells of the field
    field:   [b, 2, rows, columns] pixels, (x, y), at cells of 8 pixels

        field, 8 px      |       o       |       o       |      o: centres, 8 i + 3.5
        feature, 4 px    |   x   |   x   |   x   |   x   |      x: centres, 4 i + 1.5
    """
    factor = CELL // stride
    height, width = feature.shape[-2:]
    rows, columns = field.shape[-2:]
    if (height, width) != (factor * rows, factor * columns) or len(feature) != len(field):
        raise ValueError(
            f"feature {list(feature.shape)} of stride {stride} does not go with field "
            f"{list(field.shape)}: expected {[len(field), factor * rows, factor * columns]}"
        )
    # half precision cannot tell positions apart finely enough
    with torch.autocast(feature.device.type, enabled=False):
        moved = functional.grid_sample(
            feature.float(), _grid(field, stride), padding_mode="border", align_corners=False
        )
    return moved.to(feature.dtype)


def _grid(field: Tensor, stride: int) -> Tensor:
    """Where each cell of a feature comes from, [b, h, w, 2], as grid_sample counts.

    It counts from -1 to 1 between the outer edges of the outer cells.
    """
    field = enlarge(field.float(), CELL // stride)
    height, width = field.shape[-2:]
    rows = torch.arange(height, device=field.device, dtype=torch.float32)[:, None]
    columns = torch.arange(width, device=field.device, dtype=torch.float32)
    x = (columns + field[:, 0] / stride + 0.5) * (2 / width) - 1
    y = (rows + field[:, 1] / stride + 0.5) * (2 / height) - 1
    return torch.stack([x, y], -1)

"""Features moved along a motion field."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from bdnet.motion.kernel import Kernel, taps
from bdnet.motion.upsampling import enlarge
from bdnet.types import CELL


def memory_format_of(feature: Tensor) -> torch.memory_format:
    """Whether a feature [b, c, h, w] lies in memory channels first or last."""
    is_last = feature.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if is_last else torch.contiguous_format


def to_channels_last(feature: Tensor) -> Tensor:
    """The feature as a processor warps it fastest, by ten to twenty times; elsewhere as it is."""
    if feature.device.type != "cpu":
        return feature
    return feature.contiguous(memory_format=torch.channels_last)


def warp(feature: Tensor, field: Tensor, stride: int = CELL, kernel: Kernel = "linear") -> Tensor:
    """F(p) = F_key(p + D(p)), bilinear or bicubic, the border repeated.

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
    # half precision is too coarse for positions
    with torch.autocast(feature.device.type, enabled=False):
        moved = sample(feature.float(), *_origin(field, stride), kernel)
    return moved.to(feature.dtype)


def sample(feature: Tensor, x: Tensor, y: Tensor, kernel: Kernel = "linear") -> Tensor:
    """Values [b, c, ...] of a feature [b, c, h, w] at columns x and rows y [b, ...], in cells."""
    is_channels_last = (
        memory_format_of(feature) == torch.channels_last and feature.device.type == "cpu"
    )
    return (_blend_cells if is_channels_last else _sample)(feature, x, y, kernel)


def _origin(field: Tensor, stride: int) -> tuple[Tensor, Tensor]:
    """Column and row that each cell of a feature comes from, in cells, [b, h, w]."""
    field = enlarge(field.float(), CELL // stride)
    height, width = field.shape[-2:]
    rows = torch.arange(height, device=field.device, dtype=torch.float32)[:, None]
    columns = torch.arange(width, device=field.device, dtype=torch.float32)
    return columns + field[:, 0] / stride, rows + field[:, 1] / stride


def _sample(feature: Tensor, x: Tensor, y: Tensor, kernel: Kernel) -> Tensor:
    height, width = feature.shape[-2:]
    # grid_sample counts from -1 to 1 between the outer edges of the outer cells
    grid = torch.stack([(x + 0.5) * (2 / width) - 1, (y + 0.5) * (2 / height) - 1], -1)
    return functional.grid_sample(
        feature, grid, f"bi{kernel}", padding_mode="border", align_corners=False
    )


def _blend_cells(feature: Tensor, x: Tensor, y: Tensor, kernel: Kernel) -> Tensor:
    """`_sample` of a channels-last feature, each cell a weighted sum of 4 or 16."""
    count, channels, height, width = feature.shape
    columns, rows = taps(x, width, kernel), taps(y, height, kernel)
    start = height * torch.arange(count)[:, None, None]  # row of the whole batch
    cells = [width * (start + row) + column for row, _ in rows for column, _ in columns]
    weights = [across * down for _, down in rows for _, across in columns]
    table = feature.permute(0, 2, 3, 1).reshape(-1, channels)
    if torch.compiler.is_exporting():
        blended = _sum_cells(table, cells, weights)
    else:
        blended = functional.embedding_bag(
            torch.stack(cells, -1).view(-1, len(cells)),
            table,
            mode="sum",
            per_sample_weights=torch.stack(weights, -1).view(-1, len(cells)),
        )
    return blended.view(count, height, width, channels).permute(0, 3, 1, 2)


def _sum_cells(table: Tensor, cells: Sequence[Tensor], weights: Sequence[Tensor]) -> Tensor:
    """Does what embedding_bag does, which ONNX lacks; GridSample takes three times as long."""
    first, *rest = (
        weight[..., None] * functional.embedding(cell, table)
        for cell, weight in zip(cells, weights, strict=True)
    )
    return sum(rest, first)

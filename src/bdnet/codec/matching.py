"""Motion fields set right by the pictures that they lie between."""

import torch
from torch import Tensor
from torch.nn import functional

from bdnet.clip import CELL

HALF = CELL // 2  # pixels of a picture at half its size to each side of a cell
REACH = 3  # of those to each side of where a vector points: 6 of the whole picture
WORTH = 1 / 58  # a grey level of 255, in a normalised picture: a better match has to gain that


def small(image: Tensor, rows: int, columns: int) -> Tensor:
    """Normalised pictures [b, 3, H, W] -> grey at half their size, rows x columns whole cells."""
    grey = image.float().mean(1, keepdim=True)
    height, width = image.shape[-2:]
    missing = (0, columns * CELL - width, 0, rows * CELL - height)
    return functional.avg_pool2d(functional.pad(grey, missing, mode="replicate"), 2)


def match(field: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """The field [b, 2, h, w] (pixels, from target to source) moved to where the two look alike.

        source    . . . . . . .      each cell tries all whole steps around where its vector points,
                  . +-------+ .      and takes the one at which the two pictures (of `small`) differ
                  . | v --> | .      least, over itself and the cells around it; it stays where
                  . +-------+ .      nothing near is better by a grey level

    An encoder's vectors save bits, which mostly is where things come from; composed over many
    frames they drift, and holes that were filled are guesses.
    """
    count, _, rows, columns = field.shape
    height, width = source.shape[-2:]
    near = torch.arange(-REACH, HALF + REACH, device=field.device)
    points = (field / 2).round().long()
    across = torch.arange(columns, device=field.device) * HALF + points[:, 0]
    down = torch.arange(rows, device=field.device)[:, None] * HALF + points[:, 1]
    x = (across[..., None] + near).clamp(0, width - 1)  # [b, rows, columns, 10]
    y = (down[..., None] + near).clamp(0, height - 1)
    places = (y[..., :, None] * width + x[..., None, :]).flatten(1)
    size = len(near)
    around = source.flatten(1).gather(1, places).view(count, rows, columns, size, size)
    around = around.permute(0, 3, 4, 1, 2).contiguous()
    cells = target.view(count, rows, HALF, columns, HALF).permute(0, 2, 4, 1, 3).contiguous()
    steps = [(i, j) for i in range(2 * REACH + 1) for j in range(2 * REACH + 1)]
    differences = torch.stack(
        [(around[:, i : i + HALF, j : j + HALF] - cells).abs_().mean((1, 2)) for i, j in steps], 1
    )
    differences = functional.avg_pool2d(
        functional.pad(differences, (1, 1, 1, 1), mode="replicate"), 3, 1
    )
    stay = len(steps) // 2
    least, best = differences.min(1)
    best = torch.where(least + WORTH < differences[:, stay], best, stay)
    aside = best % (2 * REACH + 1) - REACH
    return field + 2 * torch.stack([aside, best // (2 * REACH + 1) - REACH], 1)

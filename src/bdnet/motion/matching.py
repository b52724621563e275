"""Motion fields corrected by comparing the pictures that they connect."""

import torch
from torch import Tensor
from torch.nn import functional

from bdnet.types import CELL

SIDE = CELL // 2  # of a cell, in a picture at half its size
REACH = 3  # pixels of half size that a vector may move by, along each axis: 6 of the whole picture
LEAST_GAIN = 1 / 58  # by which a match must be better: one grey level of 255, normalised
COST_PER_PIXEL = LEAST_GAIN / 50  # so that the nearest of equal matches is taken, as along an edge


def grey_half(image: Tensor, rows: int, columns: int) -> Tensor:
    """Normalised pictures [b, 3, H, W] -> grey at half their size, [b, 1, 4 rows, 4 columns]."""
    grey = image.float().mean(1, keepdim=True)
    height, width = image.shape[-2:]
    missing = (0, columns * CELL - width, 0, rows * CELL - height)
    return functional.avg_pool2d(functional.pad(grey, missing, mode="replicate"), 2)


def match(field: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """Moves the vectors of a field [b, 2, h, w] (pixels, target to source) to better matches.

    source, target: [b, 1, 4 h, 4 w], from `grey_half`

        source    . . . . . . .      Each cell tries every step of up to 6 pixels, 2 apart, from
                  . +-------+ .      where its vector points, and takes the step for which the
                  . | v --> | .      pictures differ least, in the cell and in its neighbours with
                  . +-------+ .      the same step from their own vectors. It keeps its vector
                  . . . . . . .      unless a step is better by a grey level.

    An encoder's vectors save bits, which mostly means true motion; composed over many frames they
    drift, and filled holes are guesses.
    """
    count, _, rows, columns = field.shape
    height, width = source.shape[-2:]
    near = torch.arange(-REACH, SIDE + REACH, device=field.device)[:, None, None]
    points = (field / 2).round()
    across = torch.arange(columns, device=field.device) * SIDE + points[:, 0].long()
    down = torch.arange(rows, device=field.device)[:, None] * SIDE + points[:, 1].long()
    x = (across[:, None] + near).clamp(0, width - 1)  # [b, 10, h, w]
    y = (down[:, None] + near).clamp(0, height - 1)
    indices = (y[:, :, None] * width + x[:, None]).flatten(1)
    around = source.flatten(1).gather(1, indices).view(count, len(near), len(near), rows, columns)
    cells = target.view(count, 1, 1, rows, SIDE, columns, SIDE)

    tries = 2 * REACH + 1
    differences = around.new_zeros(count, tries, tries, rows, columns)
    for i in range(SIDE):
        for j in range(SIDE):
            shifted = around[:, i : i + tries, j : j + tries]
            differences += (shifted - cells[..., i, :, j]).abs_()
    differences = differences.flatten(1, 2) / SIDE**2
    differences = functional.avg_pool2d(
        functional.pad(differences, (1, 1, 1, 1), mode="replicate"), 3, 1
    )
    step = torch.arange(-REACH, REACH + 1, device=field.device).float()
    distance = (step[:, None].square() + step.square()).sqrt().view(-1, 1, 1)
    least, best = (differences + COST_PER_PIXEL * distance).min(1)
    is_better = least + LEAST_GAIN < differences[:, tries**2 // 2]
    steps = torch.stack([best % tries, best // tries], 1) - REACH
    return torch.where(is_better[:, None], 2 * (points + steps), field)

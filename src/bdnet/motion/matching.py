"""Motion fields set right by the pictures that they lie between."""

import torch
from torch import Tensor
from torch.nn import functional

from bdnet.types import CELL

SIDE = CELL // 2  # of a cell, in a picture at half its size
REACH = 3  # of its pixels, to each side of where a vector points: 6 of the whole picture
WORTH = 1 / 58  # a grey level of 255 in a normalised picture: what a better match has to gain
FAR = WORTH / 50  # per pixel on the way: of matches that look alike the nearest, as along an edge


def small(image: Tensor, rows: int, columns: int) -> Tensor:
    """Normalised pictures [b, 3, H, W] -> grey at half their size, [b, 1, 4 rows, 4 columns]."""
    grey = image.float().mean(1, keepdim=True)
    height, width = image.shape[-2:]
    missing = (0, columns * CELL - width, 0, rows * CELL - height)
    return functional.avg_pool2d(functional.pad(grey, missing, mode="replicate"), 2)


def match(field: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """The field [b, 2, h, w] (pixels, from target to source) moved to where the two look alike.

    source, target: [b, 1, 4 h, 4 w], of `small`

        source    . . . . . . .      each cell tries all places within 6 pixels, 2 apart, of where
                  . +-------+ .      its vector points, and takes the one at which the pictures
                  . | v --> | .      differ least: in the cell, and in those around it, moved as
                  . +-------+ .      much from where their own vectors point. It keeps its vector
                  . . . . . . .      where nothing near is better by a grey level.

    An encoder's vectors save bits, which mostly is where things come from; composed over many
    frames they drift, and holes that were filled are guesses.
    """
    count, _, rows, columns = field.shape
    height, width = source.shape[-2:]
    near = torch.arange(-REACH, SIDE + REACH, device=field.device)[:, None, None]
    points = (field / 2).round()
    across = torch.arange(columns, device=field.device) * SIDE + points[:, 0].long()
    down = torch.arange(rows, device=field.device)[:, None] * SIDE + points[:, 1].long()
    x = (across[:, None] + near).clamp(0, width - 1)  # [b, 10, h, w]
    y = (down[:, None] + near).clamp(0, height - 1)
    places = (y[:, :, None] * width + x[:, None]).flatten(1)
    around = source.flatten(1).gather(1, places).view(count, len(near), len(near), rows, columns)
    cells = target.view(count, 1, 1, rows, SIDE, columns, SIDE)

    tries = 2 * REACH + 1
    differences = around.new_zeros(count, tries, tries, rows, columns)
    for i in range(SIDE):
        for j in range(SIDE):
            there = around[:, i : i + tries, j : j + tries]
            differences += (there - cells[..., i, :, j]).abs_()
    differences = differences.flatten(1, 2) / SIDE**2
    differences = functional.avg_pool2d(
        functional.pad(differences, (1, 1, 1, 1), mode="replicate"), 3, 1
    )
    step = torch.arange(-REACH, REACH + 1, device=field.device).float()
    way = (step[:, None].square() + step.square()).sqrt().view(-1, 1, 1)
    least, best = (differences + FAR * way).min(1)
    is_better = least + WORTH < differences[:, tries**2 // 2]
    steps = torch.stack([best % tries, best // tries], 1) - REACH
    return torch.where(is_better[:, None], 2 * (points + steps), field)

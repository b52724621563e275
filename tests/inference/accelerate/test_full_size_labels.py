"""The fast label maps are those of plain upsampling, to the last bit."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from bdnet.inference.accelerate.grid import Grid
from bdnet.inference.accelerate.labels import LabelMaps, best_classes, upsampled

GRIDS = {
    "stride 8": (Grid(24, 40, (192, 320)), (192, 320)),
    "stride 32": (Grid(6, 10, (192, 320)), (180, 301)),  # the picture was padded
    "fractional and anisotropic": (Grid(33, 47, (211, 333)), (211, 333)),
    "aligned corners": (Grid(24, 40, (192, 320), True), (192, 320)),
    "small": (Grid(5, 7, (37, 50)), (37, 50)),
    "one cell": (Grid(1, 1, (30, 40)), (30, 40)),
    "one row": (Grid(1, 9, (30, 140)), (30, 140)),
}


def scores(grid: Grid, classes: int, coarseness: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    rows, columns = (-(-side // coarseness) + 1 for side in (grid.rows, grid.columns))
    noise = torch.randn(1, classes, rows, columns, generator=generator)
    size = (grid.rows, grid.columns)
    return 10 * functional.interpolate(noise, size, mode="bilinear")


@pytest.mark.parametrize("by_cell", [False, True], ids=["by channel", "by cell"])
@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize(("classes", "coarseness"), [(2, 4), (3, 1), (19, 4), (40, 3)])
def test_no_pixel_differs(name: str, classes: int, coarseness: int, by_cell: bool) -> None:
    grid, size = GRIDS[name]
    maps = LabelMaps(grid, size)
    for seed in range(3):
        given = scores(grid, classes, coarseness, seed)
        if by_cell:
            given = given.contiguous(memory_format=torch.channels_last)
        wanted = upsampled(given, grid, size)[0].argmax(0)
        assert torch.equal(best_classes(given, grid, size), wanted)
        assert torch.equal(maps.by_patches(given).long(), wanted)
        assert (torch.from_numpy(maps(given)) == wanted).all()


@pytest.mark.parametrize("name", GRIDS)
def test_where_classes_are_as_good_as_equal_the_first_counts_as_in_torch(name: str) -> None:
    grid, size = GRIDS[name]
    few = (scores(grid, 6, 2) / 8).round()  # many cells, and pixels between them, are ties
    near = few + 1e-6 * scores(grid, 6, 1, 1)
    for given in (few, near, torch.zeros_like(few)):
        wanted = upsampled(given, grid, size)[0].argmax(0)
        assert torch.equal(LabelMaps(grid, size).by_patches(given).long(), wanted)


def test_a_third_class_between_two_is_found() -> None:
    """The best in the middle of a patch, and at none of its corners."""
    grid = Grid(1, 2, (16, 160))
    given = torch.tensor([[[[10.0, 0]], [[0, 10.0]], [[6.0, 6.0]]]])
    labels = LabelMaps(grid, (16, 160)).by_patches(given)
    assert labels[0].unique_consecutive().tolist() == [0, 2, 1]


def test_many_classes_take_little_memory_and_wide_numbers() -> None:
    grid = Grid(8, 8, (64, 64))
    given = scores(grid, 300, 2)
    labels = LabelMaps(grid, (64, 64))(given)
    assert labels.dtype == "int16"
    assert labels.max() > 255
    fewer = LabelMaps(grid, (64, 64))(given[:, :255])
    assert fewer.dtype == "uint8"

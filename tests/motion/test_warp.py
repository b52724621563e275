"""Features moved along a motion field."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bdnet.motion.kernel import Kernel
from bdnet.motion.warp import memory_format_of, warp

KERNELS = pytest.mark.parametrize("kernel", ["linear", "cubic"])


def uniform(x: float, y: float, rows: int = 5, columns: int = 7) -> torch.Tensor:
    return torch.tensor([x, y]).view(1, 2, 1, 1).expand(1, 2, rows, columns)


@KERNELS
@pytest.mark.parametrize("stride", [8, 4])
def test_no_motion_changes_nothing(stride: int, kernel: Kernel):
    feature = torch.randn(1, 3, 40 // stride, 56 // stride)
    torch.testing.assert_close(
        warp(feature, uniform(0, 0), stride, kernel), feature, atol=1e-5, rtol=0
    )


@KERNELS
@pytest.mark.parametrize("stride", [8, 4])
def test_whole_cells_are_moved_exactly(stride: int, kernel: Kernel):
    feature = torch.randn(1, 3, 40 // stride, 56 // stride)
    moved = warp(feature, uniform(16, -8), stride, kernel)  # from two cells right, one cell up
    right, up = 16 // stride, 8 // stride
    torch.testing.assert_close(
        moved[..., up:, :-right], feature[..., :-up, right:], atol=1e-5, rtol=0
    )
    # beyond the border: what is at it
    torch.testing.assert_close(
        moved[..., up:, -1], feature[..., :-up, -1], atol=1e-5, rtol=0
    )  # fmt: skip


@pytest.mark.parametrize("stride", [8, 4])
def test_positions_are_pixels_of_cell_centres(stride: int):
    """A feature that says where it is, moved by a field that is linear in position."""
    rows, columns = 12, 16
    x = torch.arange(columns * 8 // stride) * stride + (stride - 1) / 2
    y = torch.arange(rows * 8 // stride) * stride + (stride - 1) / 2
    position = torch.stack(torch.meshgrid(x, y, indexing="xy"))[None]
    cell_x, cell_y = torch.arange(columns) * 8 + 3.5, torch.arange(rows) * 8 + 3.5
    field = torch.stack(torch.meshgrid(cell_x * 0.1 - 4, 3 - cell_y * 0.05, indexing="xy"))[None]
    moved = warp(position, field, stride)
    expected = torch.stack(
        torch.meshgrid(x * 1.1 - 4, 3 + y * 0.95, indexing="xy")
    )[None]  # fmt: skip
    inner = (..., slice(4, -4), slice(4, -4))
    inside = (expected[:, :1] < x[-1]) & (expected[:, :1] > x[0])
    difference = ((moved - expected).abs() * inside)[inner]
    assert difference.max() < 1e-3


@KERNELS
@pytest.mark.parametrize(("rows", "columns"), [(6, 9), (1, 4), (3, 1), (1, 1)])
@pytest.mark.parametrize("stride", [8, 4])
def test_the_layout_of_a_feature_makes_no_difference(
    rows: int, columns: int, stride: int, kernel: Kernel
):
    factor = 8 // stride
    shape = (2, 5, factor * rows, factor * columns)
    field = torch.randn(2, 2, rows, columns) * 20  # often from beyond the border
    weight, results = torch.randn(shape), []
    for memory in (torch.contiguous_format, torch.channels_last):
        generator = torch.Generator().manual_seed(0)
        feature = torch.randn(shape, generator=generator).to(memory_format=memory)
        feature.requires_grad_(True)
        moved = warp(feature, field, stride, kernel)
        (moved * weight).sum().backward()
        assert memory_format_of(moved) == memory_format_of(feature)
        results.append((moved, feature.grad))
    torch.testing.assert_close(*results)


class Warp(torch.nn.Module):
    def __init__(self, kernel: Kernel) -> None:
        super().__init__()
        self.kernel = kernel

    def forward(self, feature: torch.Tensor, field: torch.Tensor) -> torch.Tensor:
        return warp(feature.permute(0, 3, 1, 2), field, kernel=self.kernel)


@KERNELS
@torch.no_grad()
def test_exported_it_moves_as_it_does_here(kernel: Kernel):
    """Of any size, and in operations that ONNX has."""
    rows, columns = torch.export.Dim("rows"), torch.export.Dim("columns")
    sides = {1: rows, 2: columns}, {2: rows, 3: columns}
    example = torch.randn(1, 5, 7, 3), torch.randn(1, 2, 5, 7)
    program = torch.export.export(Warp(kernel), example, dynamic_shapes=sides)
    called = {str(node.target) for node in program.graph.nodes}
    assert not any("embedding_bag" in name for name in called)
    for height, width in ((5, 7), (30, 12)):
        field = torch.randn(1, 2, height, width) * 20  # often from beyond the border
        given = torch.randn(1, height, width, 3), field
        torch.testing.assert_close(program.module()(*given), Warp(kernel)(*given))


@KERNELS
def test_gradient_reaches_the_feature(kernel: Kernel):
    feature = torch.randn(1, 2, 5, 7, requires_grad=True)
    warp(feature, uniform(3, 5), kernel=kernel).sum().backward()
    # what leaves over one border is repeated at the other
    torch.testing.assert_close(feature.grad.sum(), torch.tensor(2.0 * 5 * 7))


@KERNELS
def test_half_precision_keeps_its_type_and_its_positions(kernel: Kernel):
    feature = torch.randn(1, 3, 5, 300).bfloat16()
    field = uniform(8, 0, 5, 300)
    with torch.autocast("cpu", torch.bfloat16):
        moved = warp(feature, field, kernel=kernel)
    assert moved.dtype == torch.bfloat16
    torch.testing.assert_close(moved[..., :-1], feature[..., 1:], atol=1e-2, rtol=0)


def test_wrong_sizes_are_named():
    with pytest.raises(ValueError, match=r"\[1, 2, 5, 7\].*expected \[1, 10, 14\]"):
        warp(torch.zeros(1, 3, 9, 14), uniform(0, 0), 4)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(1, 5), columns=st.integers(1, 5), stride=st.sampled_from([1, 2, 4, 8]),
    largest=st.sampled_from([0.0, 7.9, 1e3, 1e9]), seed=st.integers(0, 2**32 - 1),
    kernel=st.sampled_from(["linear", "cubic"]),
)  # fmt: skip
def test_vectors_of_any_length_take_what_is_there(
    rows, columns, stride, largest, seed, kernel
) -> None:
    generator = torch.Generator().manual_seed(seed)
    factor = 8 // stride
    feature = torch.randn(1, 3, factor * rows, factor * columns, generator=generator)
    field = largest * (2 * torch.rand(1, 2, rows, columns, generator=generator) - 1)
    moved = warp(feature, field, stride, kernel)
    channels_last = warp(feature.to(memory_format=torch.channels_last), field, stride, kernel)
    torch.testing.assert_close(channels_last, moved, atol=1e-4, rtol=1e-4)
    low, high = feature.amin((2, 3), True), feature.amax((2, 3), True)
    beyond = 0 if kernel == "linear" else (high - low) / 2  # it may swing over
    low, high = low - beyond, high + beyond
    assert ((moved >= low - 1e-4) & (moved <= high + 1e-4)).all()
    if not largest:
        torch.testing.assert_close(moved, feature, atol=1e-5, rtol=1e-5)

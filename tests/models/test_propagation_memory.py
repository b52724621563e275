"""Propagation that keeps the maps of earlier frames at keyframes."""

import math

import pytest
import torch
from torch.nn import functional

from bdnet.errors import BdnetError
from bdnet.models.base import Step, VideoModel
from bdnet.models.propagation.memory import Memory
from bdnet.motion.memory import GREY_LEVELS
from networks import build

ROWS, COLUMNS = 8, 12
SIZE = 8 * ROWS, 8 * COLUMNS


def smooth(seed: int, pixels: int = 8) -> torch.Tensor:
    """A picture [1, 3, H, W], whose structures are as large as some pixels."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(1, 3, SIZE[0] // pixels, SIZE[1] // pixels, generator=generator)
    return functional.interpolate(coarse, SIZE, mode="bilinear")


def vectors(x: float, y: float) -> tuple[torch.Tensor, torch.Tensor]:
    motion = torch.tensor([x, y])[None, :, None, None].expand(1, 2, ROWS, COLUMNS)
    return motion, torch.ones(1, ROWS, COLUMNS, dtype=torch.bool)


def maps(seed: int) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    return tuple(
        torch.randn(1, 2, factor * ROWS, factor * COLUMNS, generator=generator) for factor in (1, 2)
    )


def kept(
    propagation: Memory, after: torch.Tensor, step: Step, before: torch.Tensor
) -> tuple[tuple[torch.Tensor, ...], tuple[torch.Tensor, ...]]:
    """The maps at a second keyframe, and the new ones that went into them."""
    state, first = propagation.keyframe((), maps(1), Step(before, is_key=True))
    assert all(map(torch.equal, first, maps(1)))
    new = maps(2)
    _, mixed = propagation.keyframe(state, new, step._replace(image=after))
    return mixed, new


@pytest.mark.parametrize("levels", [0.0, 5.0, 20.0])
def test_the_weight_falls_with_the_change_of_grey(levels: float):
    before = 2 * smooth(0)
    step = Step(None, *vectors(0, 0), is_key=True)
    mixed, new = kept(Memory(0.65), before + levels / GREY_LEVELS, step, before)
    for result, old, fresh in zip(mixed, maps(1), new, strict=True):
        share = 0.65 * math.exp(-levels / 8)
        torch.testing.assert_close(result, share * old + (1 - share) * fresh)


def test_earlier_maps_are_moved():
    before = smooth(0)
    after = torch.roll(before, (-8, 16), (2, 3))
    mixed, new = kept(Memory(0.5), after, Step(None, *vectors(-16, 8), is_key=True), before)
    for result, old, fresh, cells in zip(mixed, maps(1), new, (1, 2), strict=True):
        moved = torch.roll(old, (-cells, 2 * cells), (2, 3))
        inner = (..., slice(2 * cells, -2 * cells), slice(4 * cells, -4 * cells))
        torch.testing.assert_close(result[inner], (moved / 2 + fresh / 2)[inner])


@pytest.mark.parametrize("has_field", [True, False])
def test_without_vectors_motion_is_found_in_the_pictures(has_field: bool):
    before = smooth(0)
    after = torch.roll(before, (-4, 2), (2, 3))
    no_motion = torch.zeros(1, 2, ROWS, COLUMNS), torch.zeros(1, ROWS, COLUMNS, dtype=torch.bool)
    step = Step(None, *(no_motion if has_field else (None, None)), is_key=True)
    mixed, _ = kept(Memory(0.5), after, step, before)
    known, _ = kept(Memory(0.5), after, Step(None, *vectors(-2, 4), is_key=True), before)
    for result, expected, cells in zip(mixed, known, (1, 2), strict=True):
        inner = (..., slice(2 * cells, -2 * cells), slice(2 * cells, -2 * cells))
        torch.testing.assert_close(result[inner], expected[inner])


def test_nothing_is_kept_at_a_cut():
    mixed, new = kept(Memory(0.9), smooth(1), Step(None, *vectors(0, 0), is_key=True), smooth(0))
    assert all(map(torch.equal, mixed, new))


@torch.no_grad()
def streamed(model: VideoModel, frames: list[Step]) -> torch.Tensor:
    state, results = model.start(), []
    for frame in frames:
        state, logits = model.step(state, frame)
        results.append(logits)
    return torch.stack(results)


def video(seed: int, cut: int | None = None) -> list[Step]:
    """Eight frames that pan, each third one a keyframe; one of these without vectors."""
    frames = []
    for index in range(8):
        image = torch.roll(smooth(seed), (index, -2 * index), (2, 3))
        if cut is not None and index >= cut:
            image = smooth(seed + 1)
        motion, valid = vectors(2, -1)
        if index in (0, 6):
            motion, valid = torch.zeros_like(motion), torch.zeros_like(valid)
        frames.append(Step(image, motion, valid, index % 3 == 0))
    return frames


def bdnet(*overrides: str) -> VideoModel:
    return build("+model=bdnet", *overrides)


def test_videos_side_by_side_are_what_each_is_by_itself():
    model = bdnet("model/propagation=memory")
    videos = [video(0), video(10, cut=3), video(20)]
    together = [
        Step(*(torch.cat(part) for part in zip(*(frame[:3] for frame in frames), strict=True)),
             frames[0].is_key)
        for frames in zip(*videos, strict=True)
    ]  # fmt: skip
    whole = streamed(model, together)
    for number, frames in enumerate(videos):
        torch.testing.assert_close(
            whole[:, number], streamed(model, frames)[:, 0], atol=1e-4, rtol=1e-4
        )


def test_memory_of_nothing_is_filled_and_later_keyframes_differ_with_more():
    weights = bdnet("model/propagation=filled").state_dict()
    results = {}
    for name, overrides in {
        "filled": ["filled"], "none": ["memory", "model.propagation.memory=0"], "most": ["memory"],
    }.items():  # fmt: skip
        model = bdnet(f"model/propagation={overrides[0]}", *overrides[1:])
        model.load_state_dict(weights)
        results[name] = streamed(model, video(0))
    torch.testing.assert_close(results["none"], results["filled"])
    assert torch.equal(results["most"][:3], results["filled"][:3])  # up to the second keyframe
    assert not torch.allclose(results["most"][3], results["filled"][3], atol=1e-3)


def test_a_network_reads_motion_at_keyframes_if_it_remembers():
    image, (motion, valid) = smooth(0), vectors(1, 1)
    for name, is_read in (("filled", False), ("memory", True)):
        frame = bdnet(f"model/propagation={name}").read(image, motion, valid, is_key=True)
        assert (frame.motion is not None, frame.valid is not None) == (is_read, is_read)


@pytest.mark.parametrize("memory", [-0.1, 1.0])
def test_weights_are_shares(memory: float):
    with pytest.raises(BdnetError, match=r"propagation\.memory"):
        Memory(memory)

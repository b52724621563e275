"""What propagation means for predictions."""

import pytest
import torch

from bdnet.models.base import Step
from networks import build, choices, first_and_last, random_clip, single, stream

PLAIN = ("+model=bdnet", "model/boundary=none")


def shifted(clip, x: int, y: int):
    """Every step moves all content by whole cells: it comes from (x, y) cells away."""
    motion = torch.zeros_like(clip.motion)
    motion[:, :, 0], motion[:, :, 1] = 8 * x, 8 * y
    return clip._replace(motion=motion, valid=torch.ones_like(clip.valid))


@pytest.mark.parametrize("boundary", ["none", "warped"])
@pytest.mark.parametrize("propagation", ["vectors", "filled"])
@torch.no_grad()
def test_features_follow_whole_cells(boundary: str, propagation: str):
    model = build(
        "+model=bdnet", f"model/boundary={boundary}", f"model/propagation={propagation}",
        "+model.head.dilations=[1,2]",
    )  # fmt: skip
    clip = first_and_last(random_clip(256, 256, 3, [2]))
    still = model(shifted(clip, 0, 0))
    moved = model(shifted(clip, 1, -2))  # twice: two cells left, four cells down in all
    for actual, expected, scale in zip(moved[:3], still[:3], (1, 1, 2), strict=True):
        if expected is not None:
            # all that a shifted border can touch: the shift, the stream's and the head's reach
            inner = slice(12 * scale, -12 * scale)
            rolled = torch.roll(expected, (4 * scale, -2 * scale), (-2, -1))
            torch.testing.assert_close(
                actual[..., inner, inner], rolled[..., inner, inner], atol=1e-3, rtol=1e-3
            )


@torch.no_grad()
def test_copy_ignores_motion():
    model = build("+model=bdnet", "model/propagation=copy")
    clip = first_and_last(random_clip(64, 96, 3, [2]))
    assert torch.equal(model(clip).logits, model(shifted(clip, 3, 3)).logits)


@pytest.mark.parametrize("boundary", choices("model/boundary"))
@torch.no_grad()
def test_on_a_keyframe_it_is_the_single_frame_network(boundary: str):
    model = build("+model=bdnet", f"model/boundary={boundary}")
    single = build("+model=single_frame", f"model/boundary={boundary}")
    single.load_state_dict(model.state_dict())
    clip = random_clip(61, 99, 4, [0])
    for ours, expected in zip(model(clip), single(clip), strict=True):
        if expected is not None:
            torch.testing.assert_close(ours, expected, atol=1e-4, rtol=1e-4)
    assert torch.equal(stream(model, clip), stream(single, clip))


@pytest.mark.parametrize("boundary", ["none", "warped"])
@torch.no_grad()
def test_target_pixels_are_not_read(boundary: str):
    model = build("+model=bdnet", f"model/boundary={boundary}")
    assert model.pixels == "key"
    clip = first_and_last(random_clip(64, 96, 3, [2]))
    blind = clip._replace(images=clip.images * torch.tensor([1.0, 0.0]).view(1, 2, 1, 1, 1))
    assert torch.equal(model(clip).logits, model(blind).logits)


@torch.no_grad()
def test_the_target_is_read():
    model = build("+model=bdnet", "model/boundary=compared")
    assert model.pixels == "all"
    clip = first_and_last(random_clip(64, 96, 3, [2]))
    blind = clip._replace(images=clip.images * torch.tensor([1.0, 0.0]).view(1, 2, 1, 1, 1))
    assert not torch.equal(model(clip).edges, model(blind).edges)
    assert torch.equal(model(clip).features, model(blind).features)


with_keyframes = pytest.mark.parametrize("name", ["bdnet", "grfp"])


@with_keyframes
@torch.no_grad()
def test_a_keyframe_forgets_the_frames_before(name: str):
    model = build(f"+model={name}")
    clip = single(random_clip(64, 96, 3, [2]), 0)
    state = model.start()
    for index in (0, 1):
        frame = Step(clip.images[:, index], clip.motion[:, index], clip.valid[:, index], index == 0)
        state, _ = model.step(state, frame)
    key = Step(clip.images[:, -1], is_key=True)
    assert torch.equal(model.step(state, key)[1], model.step(model.start(), key)[1])


@with_keyframes
def test_a_video_starts_with_a_keyframe(name: str):
    model = build(f"+model={name}")
    with pytest.raises(ValueError, match="is_key"):
        model.step(model.start(), Step(torch.zeros(1, 3, 64, 96)))


def test_a_frame_without_vectors_is_refused():
    model = build("+model=bdnet")
    state, _ = model.step(model.start(), Step(torch.zeros(1, 3, 64, 96), is_key=True))
    with pytest.raises(ValueError, match="is_key"):
        model.step(state, Step(None))

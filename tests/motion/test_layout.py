"""How features lie in memory, from a keyframe to the logits of the frames after it."""

import pytest
import torch

from bdnet.models.base import Step
from bdnet.motion.warp import memory_format_of, to_channels_last
from networks import build, choices, first_and_last, random_clip, stream


def test_layout_of_a_feature():
    feature = torch.zeros(2, 3, 4, 5)
    assert memory_format_of(feature) == torch.contiguous_format
    assert memory_format_of(to_channels_last(feature)) == torch.channels_last
    assert torch.equal(to_channels_last(feature), feature)


@pytest.mark.parametrize("boundary", choices("model/boundary"))
@torch.no_grad()
def test_layout_of_a_network_makes_no_difference(boundary: str):
    model = build("+model=bdnet", f"model/boundary={boundary}")
    clip = random_clip(64, 96, 3, [2])
    plain, streamed = model(first_and_last(clip)).logits, stream(model, clip)
    model = model.to(memory_format=torch.channels_last)
    torch.testing.assert_close(model(first_and_last(clip)).logits, plain, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(stream(model, clip), streamed, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("boundary", choices("model/boundary"))
@torch.no_grad()
def test_streaming_stays_in_the_layout_that_warps_fast(boundary: str):
    model = build("+model=bdnet", f"model/boundary={boundary}")
    clip = random_clip(64, 96, 2, [1])
    state, _ = model.step(model.start(), Step(clip.images[:, 0], is_key=True))
    frame = Step(clip.images[:, 1], clip.motion[:, 0], clip.valid[:, 0])
    (*maps, _, _), logits = model.step(state, frame)
    assert {memory_format_of(feature) for feature in (*maps, logits)} == {torch.channels_last}

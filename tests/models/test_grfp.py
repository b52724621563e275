"""GRFP: the recurrent unit against its formula, and what it remembers."""

import numpy as np
import torch

from bdnet.models.grfp import STGRU
from networks import build, random_clip, stream


def literal(unit: STGRU, shares: np.ndarray, kept: np.ndarray, difference: np.ndarray):
    """The formula of the unit with loops, in float64: [classes, h, w]."""

    def convolved(name: str, source: np.ndarray) -> np.ndarray:
        layer = getattr(unit, name)
        weight = layer.weight.detach().double().numpy()
        bias = np.zeros(len(weight)) if layer.bias is None else layer.bias.detach().numpy()
        padded = np.pad(source, ((0, 0), (3, 3), (3, 3)))
        _, height, width = source.shape
        out = np.zeros((len(weight), height, width))
        for y in range(height):
            for x in range(width):
                window = padded[:, y : y + 7, x : x + 7]
                out[:, y, x] = (weight * window).sum((1, 2, 3)) + bias
        return out

    reset = 1 - np.tanh(np.abs(convolved("trust", difference)))
    trusted = reset * kept
    candidate = convolved("new", shares) + convolved("kept", trusted)
    gate = 1 / (1 + np.exp(-(convolved("gate_new", shares) + convolved("gate_kept", kept))))
    return float(unit.sharpness.detach()) * (1 - gate) * trusted + gate * candidate


def test_the_unit_is_its_formula():
    torch.manual_seed(0)
    unit = STGRU(4)
    for parameter in unit.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    shares, kept = torch.randn(4, 6, 8).softmax(0), torch.randn(4, 6, 8).softmax(0)
    difference = torch.randn(3, 6, 8)
    blended = unit(shares[None], kept[None], difference[None])[0]
    expected = literal(unit, *(tensor.double().numpy() for tensor in (shares, kept, difference)))
    np.testing.assert_allclose(blended.detach().numpy(), expected, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_a_new_unit_says_nearly_what_the_frame_says():
    torch.manual_seed(0)
    unit = STGRU(11)
    shares, kept = (3 * torch.randn(1, 11, 32, 64)).softmax(1), torch.full((1, 11, 32, 64), 1 / 11)
    scores = unit(shares, kept, torch.zeros(1, 3, 32, 64))
    assert (scores.argmax(1) == shares.argmax(1)).float().mean() > 0.95


@torch.no_grad()
def test_memory_follows_the_motion():
    """A spot of the frame before is remembered where the vectors say that it went."""
    model = build("+model=grfp")
    unit = model.unit
    for convolution in (unit.trust, unit.new, unit.kept, unit.gate_new, unit.gate_kept):
        torch.nn.init.zeros_(convolution.weight)
    torch.nn.init.zeros_(unit.trust.bias)
    torch.nn.init.constant_(unit.gate_new.bias, -20.0)  # nothing but memory
    clip = random_clip(64, 96, 2, [1])
    motion = torch.zeros_like(clip.motion)
    motion[:, :, 0] = 16  # from two cells to the right
    clip = clip._replace(motion=motion)
    alone = model(clip._replace(offset=torch.tensor([0]), images=clip.images[:, [0, 0]]))
    expected = unit.sharpness * alone.logits.softmax(1)[..., 2:]
    torch.testing.assert_close(model(clip).logits[..., :-2], expected, atol=1e-4, rtol=1e-3)


@torch.no_grad()
def test_frames_between_count():
    model = build("+model=grfp")
    assert model.images == model.pixels == "all"
    clip = random_clip(64, 96, 4, [3])
    darkened = clip._replace(images=clip.images.clone())
    darkened.images[:, 1] = 0
    assert not torch.equal(model(clip).logits, model(darkened).logits)


@torch.no_grad()
def test_on_a_keyframe_it_is_the_single_frame_network():
    model, single = build("+model=grfp"), build("+model=single_frame")
    weights = model.state_dict()
    single.load_state_dict({name: weights[name] for name in single.state_dict()})
    clip = random_clip(61, 99, 4, [0])
    torch.testing.assert_close(model(clip).logits, single(clip).logits, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(stream(model, clip), stream(single, clip))

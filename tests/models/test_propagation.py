"""Propagation, and motion that is estimated for it."""

import pytest
import torch
from hydra.errors import InstantiationException
from torch.nn import functional

from bdnet.models.base import Step, VideoModel
from bdnet.models.flownet import FlowNetS
from bdnet.models.propagation.base import move
from bdnet.models.propagation.flownet import Flow
from bdnet.motion.warp import warp
from bdnet.types import Clip
from networks import build, first_and_last, random_clip, single

DFF = ("+model=dff",)


def bare(*overrides: str) -> VideoModel:
    """BDNet without a boundary stream."""
    return build("+model=bdnet", "model/boundary=none", *overrides)


def still(model: torch.nn.Module) -> Flow:
    """The model's propagation, its last layers as they are made: no motion, full scale."""
    flow: Flow = model.propagation
    last = flow.network.flows[-1]
    torch.nn.init.zeros_(last.weight)
    torch.nn.init.zeros_(last.bias)
    torch.nn.init.zeros_(flow.scale.weight)
    if flow.scale.bias is not None:
        torch.nn.init.ones_(flow.scale.bias)
    return flow


def test_each_map_moves_at_its_own_stride():
    field = 5 * torch.randn(1, 2, 3, 4)
    maps = tuple(torch.randn(1, 2, 3 * scale, 4 * scale) for scale in (1, 2, 1, 2, 4))
    moved = move(maps, field)
    for warped, given, stride in zip(moved, maps, (8, 4, 8, 4, 2), strict=True):
        assert torch.equal(warped, warp(given, field, stride))
    with pytest.raises(ValueError, match="stride 8"):
        move((torch.randn(1, 2, 3, 3),), field)


@torch.no_grad()
def test_it_starts_as_a_copy_of_the_keyframe():
    model, copy = build(*DFF), bare("model/propagation=copy")
    still(model)
    copy.load_state_dict(
        {name: tensor for name, tensor in model.state_dict().items() if "propagation" not in name}
    )
    clip = first_and_last(random_clip(61, 99, 3, [2, 1]))
    torch.testing.assert_close(model(clip).logits, copy(clip).logits, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_a_known_flow_moves_features_as_vectors_of_that_length_do():
    model = build(*DFF)
    flow = still(model)
    flow.network.flows[-1].bias[:] = torch.tensor([2.0, -1.0])  # cells
    clip = first_and_last(random_clip(64, 96, 2, [1]))
    vectors = bare()
    vectors.load_state_dict(
        {name: tensor for name, tensor in model.state_dict().items() if "propagation" not in name}
    )
    motion = torch.tensor([16.0, -8.0]).view(1, 1, 2, 1, 1).expand_as(clip.motion)
    expected = vectors(clip._replace(motion=motion, valid=torch.ones_like(clip.valid)))
    prediction = model(clip)
    torch.testing.assert_close(prediction.logits, expected.logits, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(prediction.flow, motion[:, 0])


@torch.no_grad()
def test_the_scale_multiplies_what_travels():
    frozen = build(*DFF)
    assert still(frozen).scale.bias is None
    model = build(*DFF, "model.propagation.scale_bias=learned")
    flow = still(model)
    clip = first_and_last(random_clip(64, 96, 2, [1]))
    model.backbone.load_state_dict(frozen.backbone.state_dict())
    torch.testing.assert_close(frozen(clip).features, model(clip).features)
    whole = model(clip).features
    flow.scale.bias.fill_(0.25)
    torch.testing.assert_close(model(clip).features, 0.25 * whole)


@torch.no_grad()
def test_a_keyframe_stays_as_it_is_whatever_is_estimated():
    model = build(*DFF)
    clip = first_and_last(random_clip(64, 96, 3, [0, 2]))
    prediction = model(clip)
    key = model.step(model.start(), Step(clip.images[:1, 0], is_key=True))[1]
    torch.testing.assert_close(prediction.logits[:1], key, atol=1e-3, rtol=1e-3)
    assert not prediction.flow[0].any()
    assert prediction.flow[1].any()


@torch.no_grad()
def test_vectors_are_not_read_and_pixels_are():
    model = build(*DFF)
    clip = first_and_last(random_clip(64, 96, 3, [2]))
    assert model.pixels == "all"
    assert torch.equal(model(clip).logits, model(clip._replace(motion=clip.motion + 5)).logits)
    blind = clip._replace(images=clip.images * torch.tensor([1.0, 0.0]).view(1, 2, 1, 1, 1))
    assert not torch.equal(model(clip).logits, model(blind).logits)
    state, _ = model.step(model.start(), Step(clip.images[:, 0], is_key=True))
    model.step(state, Step(clip.images[:, -1]))  # an intra frame, which has no vectors


def test_gradient_of_a_prediction_reaches_the_motion():
    model = build(*DFF)
    model(single(first_and_last(random_clip(64, 96, 3, [2])), 0)).logits.square().mean().backward()
    networks = [module for module in model.modules() if isinstance(module, FlowNetS)]
    assert len(networks) == 1
    assert all(parameter.grad.abs().sum() > 0 for parameter in networks[0].parameters())


@torch.no_grad()
def test_filled_takes_a_hole_along_with_its_surroundings():
    vectors, filled = (bare(f"model/propagation={name}") for name in ("vectors", "filled"))
    clip = first_and_last(random_clip(64, 96, 3, [2]))
    pan = torch.tensor([4.0, -2.5])[:, None, None].expand_as(clip.motion)
    whole = clip._replace(motion=pan, valid=torch.ones_like(clip.valid))
    assert torch.equal(filled(whole).logits, vectors(whole).logits)

    valid = whole.valid.clone()
    valid[:, :, 3:5, 4:8] = False
    torn = whole._replace(motion=pan * valid[:, :, None], valid=valid)
    torch.testing.assert_close(filled(torn).logits, vectors(whole).logits, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(vectors(torn).logits, vectors(whole).logits, atol=1e-2)


def panned() -> tuple[Clip, Clip]:
    """A clip of a picture that moves by whole cells with every frame; and with wrong vectors."""
    clip = random_clip(64, 96, 3, [2])
    noise = functional.interpolate(torch.randn(1, 3, 16, 24), size=(64, 96), mode="bilinear")
    images = torch.stack([torch.roll(noise, (8 * step, -16 * step), (2, 3)) for step in (0, 1, 2)])
    motion = torch.tensor([16.0, -8.0])[:, None, None].expand_as(clip.motion)
    right = first_and_last(clip._replace(images=images.transpose(0, 1), motion=motion))
    right = right._replace(valid=torch.ones_like(right.valid))
    return right, right._replace(motion=motion + torch.tensor([-1.5, 2.5])[:, None, None])


@torch.no_grad()
def test_matched_sets_vectors_right_by_what_is_seen():
    filled, matched = (
        bare(f"model/propagation={name}").propagation for name in ("filled", "matched")
    )
    right, wrong = panned()
    inner = (..., slice(3, -3), slice(5, -5))
    assert torch.equal(matched.field(right)[inner], filled.field(right)[inner])
    expected = filled.field(right)[inner]
    assert (filled.field(wrong)[inner] - expected).abs().max() == 5
    torch.testing.assert_close(matched.field(wrong)[inner], expected)


@torch.no_grad()
def test_cubic_blurs_what_moves_by_half_a_cell_less():
    linear, cubic = (bare(f"model.propagation.kernel={kernel}") for kernel in ("linear", "cubic"))
    clip = first_and_last(random_clip(64, 96, 2, [1]))
    clip = clip._replace(valid=torch.ones_like(clip.valid))
    still = clip._replace(motion=torch.zeros_like(clip.motion))
    half = clip._replace(motion=torch.full_like(clip.motion, 4.0))
    torch.testing.assert_close(cubic(still).features, linear(still).features)
    inner = (..., slice(1, -2), slice(1, -2))
    contrast = linear(still).features[inner].var()
    kept = [model(half).features[inner].var() / contrast for model in (linear, cubic)]
    assert kept[0] < kept[1] < 1.2


@pytest.mark.parametrize("kernel", ["nearest", "5"])
def test_other_kernels_are_refused(kernel: str):
    with pytest.raises(InstantiationException, match=f"kernel={kernel}"):
        build("+model=bdnet", f"model.propagation.kernel={kernel}")

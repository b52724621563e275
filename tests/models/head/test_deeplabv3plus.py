"""DeepLabV3+'s head: its parts, and the shallow feature's way to it."""

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from bdnet.models.backbone import Backbone
from bdnet.models.bdnet import BDNet
from bdnet.models.boundary.compared import ComparedBoundary
from bdnet.models.boundary.none import NoBoundary
from bdnet.models.errors import BadModel
from bdnet.models.grfp import GRFP
from bdnet.models.head.deeplabv3plus import DeepLabV3Plus
from bdnet.models.propagation.flownet import Flow
from bdnet.models.propagation.vectors import Vectors
from networks import build, first_and_last, random_clip, single, stream, without_zeros

HEAD = "model/head=deeplabv3plus"


def head(dilations: tuple[int, ...] = (2, 3, 4)) -> DeepLabV3Plus:
    torch.manual_seed(0)
    made = DeepLabV3Plus(
        SimpleNamespace(channels=6, shallow_channels=5), 3, dilations, width=8, low=4
    )
    return without_zeros(made)


def step(sequence: nn.Module, feature: Tensor, dilation: int = 1) -> Tensor:
    """Convolution, BN by its statistics, ReLU, from the weights alone."""
    convolution, norm, *_ = sequence
    padding = dilation * (convolution.weight.shape[-1] // 2)
    out = functional.conv2d(feature, convolution.weight, None, 1, padding, dilation)
    mean, deviation = norm.running_mean, (norm.running_var + norm.eps).sqrt()
    out = (out - mean[:, None, None]) / deviation[:, None, None]
    return (out * norm.weight[:, None, None] + norm.bias[:, None, None]).clamp(min=0)


@torch.no_grad()
def test_it_is_its_literal_composition():
    made = head()
    deep, shallow = torch.randn(2, 6, 7, 9), torch.randn(2, 5, 14, 18)
    pointwise, *dilated, mean = made.context.convs
    branches = [step(pointwise, deep)]
    for part, dilation in zip(dilated, (2, 3, 4), strict=True):
        branches.append(step(part, deep, dilation))
    pooled = functional.adaptive_avg_pool2d(deep, 1)
    branches.append(step(list(mean)[1:], pooled).repeat(1, 1, 7, 9))
    mixed = step(made.context.project, torch.cat(branches, 1))
    large = functional.interpolate(mixed, (14, 18), mode="bilinear", align_corners=False)
    low = step([made.project, made.enter[0]], shallow)
    decoded = step(made.decode[3:], step(made.decode[:3], torch.cat([large, low], 1)))
    expected = functional.conv2d(decoded, made.classify.weight, made.classify.bias)
    scores = made(deep, *made.collect(SimpleNamespace(shallow=shallow)))
    assert scores.shape == (2, 3, 14, 18)
    torch.testing.assert_close(scores, expected, atol=1e-5, rtol=1e-4)


def test_the_mean_sees_the_whole_picture():
    made = head(dilations=())  # without it, a score sees the 5x5 cells around it, and enlarges them
    deep = torch.randn(1, 6, 12, 12, requires_grad=True)
    shallow = torch.randn(1, 5, 24, 24)
    made(deep, *made.collect(SimpleNamespace(shallow=shallow)))[0, :, 0, 0].sum().backward()
    assert deep.grad.ne(0).any(1).all()
    for part in list(made.context.convs[-1])[1:3]:
        nn.init.zeros_(part.weight)
    deep.grad = None
    made(deep, *made.collect(SimpleNamespace(shallow=shallow)))[0, :, 0, 0].sum().backward()
    assert not deep.grad[..., 4:, 4:].any()


def test_a_batch_of_one_picture_learns():
    made = head().train()
    _, convolution, norm, _ = made.context.convs[-1]
    before = norm.running_mean.clone()
    for count in (1, 2):
        deep, shallow = torch.randn(count, 6, 5, 5), torch.randn(count, 5, 10, 10)
        made.zero_grad()
        made(deep, *made.collect(SimpleNamespace(shallow=shallow))).square().mean().backward()
        assert convolution.weight.grad.any()
        assert torch.equal(norm.running_mean, before) == (count == 1)


def test_the_shallow_feature_teaches_the_backbones_first_stage():
    model = build("+model=single_frame", HEAD).train()
    with torch.no_grad():
        model.head.decode[0].weight[:, :256] = 0  # nothing of the context
    model(first_and_last(random_clip(48, 72, 1, [0, 0]))).logits.square().mean().backward()
    assert next(model.backbone.parameters()).grad.any()
    assert not model.head.context.project[0].weight.grad.any()


@pytest.mark.parametrize("boundary", [NoBoundary, ComparedBoundary])
@pytest.mark.parametrize("motion", [Vectors, lambda: Flow(0.02)])
@torch.no_grad()
def test_its_shallow_feature_is_the_keyframes_warped(boundary, motion):
    torch.manual_seed(0)
    model = without_zeros(BDNet(3, DeepLabV3Plus, boundary, motion(), "test_resnet"))
    assert model.pixels == ("key" if (boundary, motion) == (NoBoundary, Vectors) else "all")
    clip = random_clip(61, 99, 3, [2, 0])
    seen = []
    model.head.enter.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    logits = model(clip).logits
    maps = model.head.collect(model.backbone(clip.images[:, 0]))
    torch.testing.assert_close(seen[0], model.propagation(maps, clip).maps[0])
    torch.testing.assert_close(seen[0][1], maps[0][1])  # a keyframe's own
    assert not torch.allclose(seen[0][0], maps[0][0], atol=1e-3)
    torch.testing.assert_close(stream(model, single(clip, 0)), logits[:1], atol=1e-4, rtol=1e-3)


@torch.no_grad()
def test_scores_follow_whole_cells():
    model = build("+model=bdnet", HEAD, "+model.head.dilations=[1,2]")
    nn.init.zeros_(model.head.context.convs[-1][2].weight)  # of the whole picture, borders included
    clip = first_and_last(random_clip(192, 192, 3, [2]))
    valid = torch.ones_like(clip.valid)
    shift = torch.tensor([8.0, -16.0]).view(2, 1, 1).expand_as(clip.motion)  # twice
    still, moved = (
        model(clip._replace(motion=motion, valid=valid)).logits
        for motion in (torch.zeros_like(shift), shift)
    )
    inner = slice(20, -20)  # all that a shifted border can touch
    scrolled, expected, unmoved = (
        scores[..., inner, inner] for scores in (moved, torch.roll(still, (8, -4), (-2, -1)), still)
    )
    spread = float(expected.flatten(2).std(2).min())
    torch.testing.assert_close(scrolled, expected, atol=1e-2 * spread, rtol=0)
    assert (scrolled - unmoved).std() > 0.5 * spread


@torch.no_grad()
def test_grfp_blends_at_its_stride():
    model = build("+model=grfp", HEAD)
    clip = random_clip(61, 99, 3, [2, 0, 1])
    logits = model(clip).logits
    assert logits.shape[-2:] == (16, 26)
    for sample in range(3):
        expected = stream(model, single(clip, sample))
        torch.testing.assert_close(logits[sample : sample + 1], expected, atol=1e-3, rtol=1e-3)
    assert isinstance(model, GRFP)


@pytest.mark.parametrize(("name", "channels"), [("mobilenetv2_100", 24), ("resnet50", 256)])
@torch.no_grad()
def test_it_fits_the_usual_backbones(name: str, channels: int):
    backbone = Backbone(name).eval()
    assert backbone.shallow_channels == channels
    made = DeepLabV3Plus(backbone, 19, width=16).eval()
    pyramid = backbone(torch.randn(1, 3, 61, 99))
    assert pyramid.deep.shape[-2:] == (8, 13)
    logits = made(pyramid.deep, *made.collect(pyramid))
    assert logits.shape == (1, 19, 16, 26)
    assert torch.isfinite(logits).all()


def test_no_channels_are_refused():
    with pytest.raises(BadModel, match=r"head\.width=0"):
        DeepLabV3Plus(SimpleNamespace(channels=6, shallow_channels=5), 3, width=0)

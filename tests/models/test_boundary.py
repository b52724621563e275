"""The boundary stream: starts as nothing, and fits any backbone that can bear it."""

import pytest
import torch

from bdnet.models.backbone import Backbone
from bdnet.models.bdnet import BDNet
from bdnet.models.boundary.compared import ComparedBoundary
from bdnet.models.boundary.none import NoBoundary
from bdnet.models.boundary.warped import WarpedBoundary
from bdnet.models.errors import BadModel
from bdnet.models.head.deeplabv2 import DeepLabV2
from bdnet.models.propagation.vectors import Vectors
from networks import first_and_last, random_clip


def net(boundary, backbone: str = "test_resnet") -> BDNet:
    torch.manual_seed(0)
    return BDNet(3, DeepLabV2, boundary, Vectors(), backbone).eval()


@pytest.mark.parametrize("boundary", [WarpedBoundary, ComparedBoundary])
@torch.no_grad()
def test_starts_as_its_base_network(boundary):
    base, model = net(NoBoundary), net(boundary)
    missing, unexpected = model.load_state_dict(base.state_dict(), strict=False)
    assert not unexpected
    assert all(name.startswith("boundary.") for name in missing)
    clip = first_and_last(random_clip(61, 99, 4, [0, 3]))
    torch.testing.assert_close(model(clip).logits, base(clip).logits, atol=1e-6, rtol=1e-6)


@torch.no_grad()
def test_compared_responds_where_the_warped_keyframe_does_not_fit():
    warped, compared = net(WarpedBoundary), net(ComparedBoundary)
    missing, _ = compared.load_state_dict(warped.state_dict(), strict=False)
    assert missing == ["boundary.difference.weight"]
    torch.nn.init.normal_(compared.boundary.difference.weight)
    clip = first_and_last(random_clip(64, 96, 3, [2]))
    still = clip._replace(images=clip.images[:, :1].repeat(1, 2, 1, 1, 1), motion=0 * clip.motion)
    torch.testing.assert_close(compared(still).edges, warped(still).edges, atol=1e-5, rtol=1e-5)

    images = still.images.clone()
    images[:, 1, :, :, 64:] = torch.randn(1, 3, 64, 32)  # what the keyframe does not show
    uncovered = still._replace(images=images)
    change = (compared(uncovered).edges - warped(uncovered).edges).abs()[0, 0].amax(0)
    assert change[17:].min() > 0
    assert change[:8].max() < 1e-5  # the shape stream looks a few cells to each side


def test_edges_alone_teach_the_backbone():
    model = net(WarpedBoundary).train()
    model(first_and_last(random_clip(64, 96, 3, [2, 1]))).edges.sum().backward()
    assert next(model.backbone.parameters()).grad.any()


@pytest.mark.parametrize(
    "name", ["resnet10t", "mobilenetv3_small_050", "regnetx_002", "test_convnext", "test_byobnet"]
)
@torch.no_grad()
def test_the_first_stage_runs_alone(name: str):
    backbone = Backbone(name).eval()
    backbone.check_front()
    image = torch.randn(1, 3, 61, 99)
    assert torch.equal(backbone.front(image), backbone(image).shallow)


def test_a_backbone_whose_first_stage_cannot_run_alone_is_refused(monkeypatch):
    backbone = Backbone("test_resnet")
    monkeypatch.setattr(backbone, "_front_parts", lambda: list(backbone.network.children()))
    with pytest.raises(BadModel, match="boundary=warped"):
        ComparedBoundary(backbone)
    assert backbone.training


def test_no_channels_are_refused():
    with pytest.raises(BadModel, match=r"channels=\[\]"):
        WarpedBoundary(Backbone("test_resnet"), [])


@torch.no_grad()
def test_more_modules_than_levels():
    model = BDNet(3, DeepLabV2, lambda backbone: WarpedBoundary(backbone, [8] * 5), Vectors())
    assert model.boundary.guided_by == [0, 0, 0, 1, 2]
    assert model.eval()(first_and_last(random_clip(64, 64, 2, [1]))).edges.shape == (1, 1, 16, 16)

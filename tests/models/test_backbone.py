"""timm's networks as backbones, by name alone."""

import pytest
import torch

from bdnet.models.backbone import Backbone, fill_cells
from bdnet.models.errors import BadModel
from networks import build

NAMES = [
    *("resnet18", "mobilenetv3_small_050", "regnetx_002", "efficientnet_lite0"),
    *("test_resnet", "test_byobnet", "test_convnext", "test_efficientnet"),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("height", "width"), [(61, 99), (32, 40)])
@torch.no_grad()
def test_features_of_stride_four_and_eight(name: str, height: int, width: int):
    backbone = Backbone(name).eval()
    pyramid = backbone(torch.randn(1, 3, height, width))
    rows, columns = -(-height // 8), -(-width // 8)
    assert pyramid.shallow.shape == (1, backbone.shallow_channels, 2 * rows, 2 * columns)
    assert pyramid.deep.shape == (1, backbone.channels, rows, columns)
    for level, channels in zip(pyramid.levels, backbone.level_channels, strict=True):
        assert level.shape == (1, channels, rows, columns)


def test_cells_are_filled_with_the_border():
    image = torch.randn(1, 3, 61, 99)
    filled = fill_cells(image)
    assert filled.shape == (1, 3, 64, 104)
    assert torch.equal(filled[..., :61, :99], image)
    assert torch.equal(filled[..., 63, :99], image[..., 60, :])
    assert fill_cells(filled) is filled


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "vgg11", "densenet121"])
def test_a_network_that_cannot_be_dilated_is_named(name: str):
    with pytest.raises(BadModel, match=f"backbone={name}: .*output_stride=8"):
        Backbone(name)


@pytest.mark.parametrize(
    ("name", "convolution", "other"), [("resnet18", "conv1", "conv2"), ("resnet50s", "conv2", None)]
)
def test_multi_grid_dilates_the_blocks_of_the_last_stage(
    name: str, convolution: str, other: str | None
):
    blocks = Backbone(name, multi_grid=[4, 8, 16]).network.layer4
    dilated = [getattr(block, convolution) for block in blocks]
    assert [layer.dilation for layer in dilated] == [(4, 4), (8, 8), (16, 16)][: len(blocks)]
    assert [layer.padding for layer in dilated] == [layer.dilation for layer in dilated]
    if other is not None:
        assert {getattr(block, other).dilation for block in blocks} == {(4, 4)}
    with pytest.raises(BadModel, match=r"model\.multi_grid=\[4\]"):
        Backbone(name, multi_grid=[4])


@torch.no_grad()
def test_a_resnet_can_pad_incomplete_cells_itself():
    image = torch.randn(1, 3, 33, 41)
    backbone = Backbone("resnet18", border="zeros").eval()
    deep = backbone(image).deep
    assert deep.shape == (1, 512, 5, 6)
    assert torch.equal(deep, backbone.network(image)[-1])
    filled = Backbone("resnet18").eval()
    filled.load_state_dict(backbone.state_dict())
    assert not torch.allclose(filled(image).deep, deep)
    whole = image[..., :32, :40]
    torch.testing.assert_close(filled(whole).deep, backbone(whole).deep)
    other = Backbone("test_byobnet", border="zeros").eval()
    assert other(image).shallow.shape[-2:] == (10, 12)
    with pytest.raises(BadModel, match=r"model\.border=mirror"):
        Backbone("resnet18", border="mirror")


def test_a_boundary_stream_needs_whole_cells():
    with pytest.raises(Exception, match=r"model\.border=replicate"):
        build("+model=psp18", "model/boundary=warped")


def test_other_networks_have_no_multi_grid(caplog: pytest.LogCaptureFixture):
    with caplog.at_level("INFO"):
        Backbone("test_byobnet", multi_grid=[4, 8, 16])
    assert "test_byobnet is no ResNet" in caplog.text

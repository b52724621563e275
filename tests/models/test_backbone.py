"""timm's networks as backbones, by name alone."""

import pytest
import torch

from bdnet.models.backbone import Backbone, fill_cells
from bdnet.models.errors import BadModel

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

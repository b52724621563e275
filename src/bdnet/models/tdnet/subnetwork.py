"""One of TDNet's sub-networks."""

from typing import Literal, NamedTuple, get_args

from torch import Tensor, nn

from bdnet.models.backbone import Backbone, Pyramid
from bdnet.models.errors import BadModel
from bdnet.models.head.pspnet import FCN
from bdnet.models.norm import Norm
from bdnet.models.pyramid import PyramidPooling
from bdnet.models.tdnet.attention import Hop, Memory
from bdnet.models.tdnet.normalisation import SpaceNorm

Normalisation = Literal["space", "all"]
ValueStart = Literal["random", "identity"]


class Settings(NamedTuple):
    """What the sub-networks of a TDNet have in common; see there."""

    classes: int
    parts: int
    hops: int
    stride: int
    test_stride: int
    width: int
    head_width: int
    keys: int
    dropout: float
    norm: Normalisation
    norm_grid: tuple[int, int] | None
    align_corners: bool
    value_start: ValueStart


class SubNetwork(nn.Module):
    """A path: reads a part of the pyramid pooling's channels, and attends to earlier frames.

    image -- backbone -- pooled, a part --+-- query, key
                |                         +-- value --(+)-- norm -- FCN -- logits
                +-- FCN -- auxiliary logits            |
                                    attended values ---+
    """

    def __init__(self, backbone: Backbone, part: int, settings: Settings) -> None:
        super().__init__()
        width, keys = settings.width, settings.keys
        self.strides = settings.stride, settings.test_stride
        self.backbone = backbone
        self.pyramid = PyramidPooling(
            backbone.channels, settings.parts, part, settings.align_corners
        )
        self.query = _encoder(self.pyramid.out, keys)
        self.key = _encoder(self.pyramid.out, keys)
        self.value = nn.Conv2d(self.pyramid.out, width, 1)
        # of the chain of attention that ends here, from the oldest frame on
        self.hops = nn.ModuleList(Hop(width, settings.dropout) for _ in range(settings.hops))
        self.norm = _norm(settings)
        self.head = FCN(width, settings.head_width, settings.classes)
        half_way = backbone.level_channels[-2:][0]  # the only level, if there is one
        self.auxiliary = FCN(half_way, half_way // 4, settings.classes)
        for part_name, module in self.named_modules():
            if isinstance(module, nn.Conv2d) and not part_name.startswith("backbone."):
                nn.init.kaiming_normal_(module.weight, a=1)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

        if settings.value_start == "identity":
            _start_as_identity(self.value)

    def encode(self, image: Tensor) -> tuple[Pyramid, Tensor]:
        """[b, 3, H, W] -> the backbone's features, and this path's part of the pooled ones."""
        pyramid = self.backbone(image)
        return pyramid, self.pyramid(pyramid.deep)

    def memory(self, pooled: Tensor) -> Memory:
        """The memory of this frame for later ones: every n-th cell."""
        stride = self.strides[0 if self.training else 1]
        thinned = pooled[..., ::stride, ::stride]
        return Memory(self.query(thinned), self.key(thinned), self.value(thinned))

    def classify(self, value: Tensor) -> Tensor:
        """[b, width, h, w] -> logits [b, classes, h, w]"""
        logits: Tensor = self.head(self.norm(value))
        return logits

    def classify_auxiliary(self, pyramid: Pyramid) -> Tensor:
        """The auxiliary head's logits [b, classes, h, w], of the level before the deepest."""
        logits: Tensor = self.auxiliary(pyramid.levels[-2:][0])
        return logits


def _start_as_identity(value: nn.Conv2d) -> None:
    if value.in_channels != value.out_channels:
        raise BadModel(
            f"model.value_start=identity: the pooled feature has {value.in_channels} channels and "
            f"model.width={value.out_channels}; use model.width={value.in_channels}, or "
            "model.value_start=random"
        )
    nn.init.eye_(value.weight.data[..., 0, 0])


def _norm(settings: Settings) -> nn.Module:
    if settings.norm not in get_args(Normalisation):
        raise BadModel(f"model.norm={settings.norm}: use {' or '.join(get_args(Normalisation))}")
    if settings.norm == "space":
        return SpaceNorm(settings.norm_grid)
    return nn.GroupNorm(1, settings.width)


def _encoder(channels: int, keys: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, keys, 1), Norm(keys), nn.LeakyReLU(), nn.Conv2d(keys, keys, 1)
    )

"""One of TDNet's sub-networks."""

from torch import Tensor, nn

from bdnet.models.backbone import Backbone, Pyramid
from bdnet.models.head.pspnet import FCN
from bdnet.models.norm import Norm
from bdnet.models.pyramid import PyramidPooling
from bdnet.models.tdnet.attention import Hop, Memory


class SubNetwork(nn.Module):
    """A path: reads a part of the pyramid pooling's channels, and attends to earlier frames.

        image -- backbone -- pooled, a part --+-- query, key
                    |                         +-- value --(+)-- norm -- FCN -- logits
                    +-- FCN -- auxiliary logits            |
                                        attended values ---+

    stride: of the grid of cells that is kept for later frames
    width:  channels of values
    keys:   channels of queries and keys
    """

    def __init__(
        self,
        classes: int,
        backbone: Backbone,
        parts: int,
        part: int,
        stride: int,
        width: int,
        keys: int,
    ) -> None:
        super().__init__()
        self.stride = stride
        self.backbone = backbone
        self.pyramid = PyramidPooling(backbone.channels, parts, part)
        self.query = _encoder(self.pyramid.out, keys, bias=True)
        # a bias of the keys would cancel in the softmax
        self.key = _encoder(self.pyramid.out, keys, bias=False)
        self.value = nn.Conv2d(self.pyramid.out, width, 1)
        self.hop = Hop(width)  # of the attention that ends here
        self.norm = nn.GroupNorm(1, width)  # over the whole map, of any size
        self.head = FCN(width, width // 4, classes)
        half_way = backbone.level_channels[-2:][0]  # the only level, if there is one
        self.auxiliary = FCN(half_way, half_way // 4, classes)

    def encode(self, image: Tensor) -> tuple[Pyramid, Tensor]:
        """[b, 3, H, W] -> the backbone's features, and this path's part of the pooled ones."""
        pyramid = self.backbone(image)
        return pyramid, self.pyramid(pyramid.deep)

    def memory(self, pooled: Tensor) -> Memory:
        """The memory of this frame for later ones: every `stride`-th cell."""
        thinned = pooled[..., :: self.stride, :: self.stride]
        return Memory(self.query(thinned), self.key(thinned), self.value(thinned))

    def classify(self, value: Tensor) -> Tensor:
        """[b, width, h, w] -> logits [b, classes, h, w]"""
        logits: Tensor = self.head(self.norm(value))
        return logits

    def classify_auxiliary(self, pyramid: Pyramid) -> Tensor:
        """The auxiliary head's logits [b, classes, h, w], of the level before the deepest."""
        logits: Tensor = self.auxiliary(pyramid.levels[-2:][0])
        return logits


def _encoder(channels: int, keys: int, bias: bool) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, keys, 1, bias=False),
        Norm(keys),
        nn.LeakyReLU(),
        nn.Conv2d(keys, keys, 1, bias=bias),
    )

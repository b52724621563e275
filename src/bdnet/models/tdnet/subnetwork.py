"""One of TDNet's sub-networks."""

from torch import Tensor, nn

from bdnet.models.backbone import Backbone, Pyramid
from bdnet.models.head.pspnet import FCN
from bdnet.models.norm import Norm
from bdnet.models.pyramid import PyramidPooling
from bdnet.models.tdnet.attention import Hop, Memory


class SubNetwork(nn.Module):
    """Sees a part of the pyramid pooling's channels, and what it is told of earlier frames.

        image -- backbone -- pooled, a part --+-- query, key --> asks, and is looked at
                    |                         +-- value --(+)-- norm -- FCN -- logits
                    +-- FCN -- middle logits               |
                                              what is told -

    stride: of the grid of cells that it remembers
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
        # what is added to every key alike, softmax takes away again
        self.key = _encoder(self.pyramid.out, keys, bias=False)
        self.value = nn.Conv2d(self.pyramid.out, width, 1)
        self.hop = Hop(width)  # of the attention that ends here
        self.norm = nn.GroupNorm(1, width)  # over the whole map, of any size
        self.head = FCN(width, width // 4, classes)
        half_way = backbone.level_channels[-2:][0]  # the deepest, where there is but one
        self.middle = FCN(half_way, half_way // 4, classes)

    def look(self, image: Tensor) -> tuple[Pyramid, Tensor]:
        """[b, 3, H, W] -> the backbone's features, and its part of the pooled ones."""
        seen = self.backbone(image)
        return seen, self.pyramid(seen.deep)

    def remember(self, pooled: Tensor) -> Memory:
        """What later frames get of this one: every so manieth cell."""
        thinned = pooled[..., :: self.stride, :: self.stride]
        return Memory(self.query(thinned), self.key(thinned), self.value(thinned))

    def judge(self, value: Tensor) -> Tensor:
        """[b, width, h, w] -> [b, classes, h, w]"""
        logits: Tensor = self.head(self.norm(value))
        return logits

    def judge_middle(self, seen: Pyramid) -> Tensor:
        """The second head's logits [b, classes, h, w], of the level before the deepest."""
        logits: Tensor = self.middle(seen.levels[-2:][0])
        return logits


def _encoder(channels: int, keys: int, bias: bool) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, keys, 1, bias=False),
        Norm(keys),
        nn.LeakyReLU(),
        nn.Conv2d(keys, keys, 1, bias=bias),
    )

"""HRNet, the usual teacher: parallel branches at every resolution."""

from typing import Any, Literal, get_args

from torch import Tensor, nn
from torch.nn import functional

from bdnet.models.backbone import fill_cells
from bdnet.models.base import PixelsRead, State, Step, VideoModel
from bdnet.models.errors import BadModel
from bdnet.models.weights import create
from bdnet.types import Clip, Prediction

STRIDES = [4, 8, 16, 32]
Fuse = Literal["bilinear", "nearest"]


class HRNet(VideoModel):
    """A single-frame network: timm's HRNet and the HRNetV2 head; logits at stride 4.

    backbone:      hrnet_w48, hrnet_w18, hrnet_w18_small_v2, ...
    weights:       of the backbone: none, timm (a download), or a local file
    fuse:          how coarse branches are enlarged to finer ones: bilinear, as in the authors'
                   networks for segmentation, or nearest, as in theirs and timm's for classification
    align_corners: of bilinear enlargement; true in the authors' later checkpoints (those with OCR)
    """

    looks_back = False

    def __init__(
        self,
        classes: int,
        backbone: str = "hrnet_w48",
        weights: str = "none",
        fuse: Fuse = "bilinear",
        align_corners: bool = False,
    ) -> None:
        super().__init__()
        if not backbone.startswith("hrnet"):
            raise BadModel(f"backbone={backbone}: no HRNet; such as hrnet_w48 or hrnet_w18_small")
        if fuse not in get_args(Fuse):
            raise BadModel(f"model.fuse={fuse}: use {' or '.join(get_args(Fuse))}")
        # the branches themselves, not widened for classification
        network: Any = create(backbone, weights, feature_location="", out_indices=(1, 2, 3, 4))
        channels: list[int] = network.feature_info.channels()
        if fuse == "bilinear":
            for module in network.modules():
                if isinstance(module, nn.Upsample):
                    module.mode, module.align_corners = fuse, align_corners
        self.backbone = network
        self.mix = Mix(channels, sum(channels), align_corners)
        self.classify = nn.Conv2d(sum(channels), classes, 1)

    @property
    def pixels(self) -> PixelsRead:
        return "all"

    @property
    def backbone_modules(self) -> tuple[nn.Module, ...]:
        return (self.backbone,)

    def forward(self, clip: Clip) -> Prediction:
        return self._predict(clip.images[:, -1])

    def step(self, state: State, frame: Step) -> tuple[State, Tensor]:
        return state, self._predict(frame.pixels()).logits

    def _predict(self, image: Tensor) -> Prediction:
        feature = self.mix(self.backbone(fill_cells(image, STRIDES[-1])))
        height, width = (-(-size // STRIDES[0]) for size in image.shape[-2:])
        feature = feature[..., :height, :width]
        # students' features, which these are compared with, have stride 8
        return Prediction(self.classify(feature), functional.avg_pool2d(feature, 2, ceil_mode=True))


class Mix(nn.Module):
    """1x1-BN-ReLU of all resolutions, enlarged to the finest and concatenated.

    A 1x1 convolution of a concatenation is the sum of one for each part, and before the enlargement
    it costs a fraction.
    """

    def __init__(self, channels: list[int], out: int, align_corners: bool = False) -> None:
        super().__init__()
        self.align_corners = align_corners
        self.parts = nn.ModuleList(nn.Conv2d(width, out, 1, bias=False) for width in channels)
        self.norm = nn.BatchNorm2d(out)
        for part in self.parts:  # as the one convolution of the concatenation
            nn.init.normal_(part.get_parameter("weight"), std=sum(channels) ** -0.5)

    def forward(self, branches: list[Tensor]) -> Tensor:
        finest, *coarser = (part(branch) for part, branch in zip(self.parts, branches, strict=True))
        size = finest.shape[-2:]
        for maps in coarser:
            finest = finest + functional.interpolate(
                maps, size, mode="bilinear", align_corners=self.align_corners
            )
        return functional.relu(self.norm(finest))

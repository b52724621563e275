"""FlowNet-S: the motion between two pictures, estimated by one network."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from bdnet.models.backbone import fill_cells
from bdnet.models.errors import BadModel
from bdnet.types import CELL

UNIT = float(CELL)  # pixels per unit of the last layer, which keeps its weights small
# channels, kernel and stride of each step down
STEPS = (
    (64, 7, 2), (128, 5, 2), (256, 5, 2), (256, 3, 1), (512, 3, 2), (512, 3, 1), (512, 3, 2),
    (512, 3, 1), (1024, 3, 2), (1024, 3, 1),
)  # fmt: skip
SKIPS = (7, 5, 3, 1)  # the steps down whose output each step up gets as well
UP = (512, 256, 128, 64)


class FlowNetS(nn.Module):
    """Pictures of half the size -> a flow at stride 8 of the whole, refined from coarse to fine.

    width: share of the published channels; 1 has 38.7 million weights

        both pictures -- down, down, ... down        1/128
                           |      |        |
                           |     up -- .. up         each: features below, their flow, the skip
                           +---- up ---- flow          1/8
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        if not 0 < width <= 1:
            raise BadModel(f"width={width}: a share of FlowNet-S's channels, above 0 and up to 1")
        down = [_scaled(channels, width) for channels, _, _ in STEPS]
        up = [_scaled(channels, width) for channels in UP]
        self.down = nn.ModuleList(
            _Down(before, after, kernel, stride)
            for before, after, (_, kernel, stride) in zip([6, *down], down, STEPS, strict=False)
        )
        skips = [down[step] for step in SKIPS]
        # the output of a step up: the skip, the enlarged features, the enlarged flow
        joined = [skip + own + 2 for skip, own in zip(skips, up, strict=True)]
        below = [down[-1], *joined]
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(before, own, 4, 2, 1) for before, own in zip(below, up, strict=False)
        )
        self.flows = nn.ModuleList(nn.Conv2d(channels, 2, 3, padding=1) for channels in below)
        self.channels = below[-1]
        # the first flow is zero; the coarser flows are not, or they would get no gradient
        nn.init.zeros_(self.flows[-1].get_parameter("weight"))
        nn.init.zeros_(self.flows[-1].get_parameter("bias"))

    def forward(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures [b, 3, H, W] -> flow [b, 2, ceil(H/8), ceil(W/8)], and the feature behind it.

        flow: pixels; the content at p in the target came from p + flow(p) in the source
        """
        feature = functional.avg_pool2d(fill_cells(torch.cat([source, target], 1)), 2)
        steps = []
        for down in self.down:
            feature = down(feature)
            steps.append(feature)
        for up, flow, step in zip(self.up, self.flows, SKIPS, strict=False):
            skip = steps[step]
            moved = functional.interpolate(
                flow(feature), skip.shape[-2:], mode="bilinear", align_corners=False
            )
            height, width = skip.shape[-2:]
            grown = functional.leaky_relu(up(feature), 0.1)[..., :height, :width]
            feature = torch.cat([skip, grown, moved], 1)
        # half precision is too coarse for positions
        with torch.autocast(feature.device.type, enabled=False):
            motion: Tensor = UNIT * self.flows[-1](feature.float())
        return motion, feature


class _Down(nn.Sequential):
    def __init__(self, before: int, after: int, kernel: int, stride: int) -> None:
        convolution = nn.Conv2d(before, after, kernel, stride, kernel // 2)
        super().__init__(convolution, nn.LeakyReLU(0.1))


def _scaled(channels: int, width: float) -> int:
    return max(1, round(channels * width))

"""TDNet: sub-networks take turns on the frames, and attention adds up their values."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import ClassVar

import torch
from torch import Tensor, nn

from bdnet.models.backbone import Backbone, Border
from bdnet.models.base import ImagesRead, PixelsRead, State, Step, VideoModel
from bdnet.models.errors import BadModel
from bdnet.models.pyramid import PyramidPooling
from bdnet.models.tdnet.attention import Memory, attend
from bdnet.models.tdnet.subnetwork import Normalisation, Settings, SubNetwork, ValueStart
from bdnet.types import Clip, Prediction


class TDNet(VideoModel):
    """N sub-networks (paths), each on a part of the channels (Hu et al., 2020).

        frame tau - 3   path 1 --V_1--A--.
        frame tau - 2   path 2          (+)--A--.
        frame tau - 1   path 3                 (+)--A--.
        frame tau       path 4 ------ V_c -------------(+)-- norm -- head -- logits

    Frame tau of a stream runs on path tau mod N. The first N - 1 frames attend to no others.

    The defaults are the published td4-psp18. [readings] A clip is a stream that begins at its
    keyframe, and keyframes do not end a stream. In training one path is drawn for the targets of a
    whole batch, where the authors take turns. Path i keeps part i mod `parts`, and goes with one of
    the teacher's groups that lie in it; channels that it drops are not computed.

    paths:         N
    parts:         into which the pyramid pooling's channels are divided
    stride:        of the grid of cells that is kept of past frames in training
    test_stride:   the same in evaluation and inference
    width:         channels of values
    head_width:    channels of the heads' 3x3 convolutions
    keys:          channels of queries and keys
    dropout:       of attention weights and of attention's results
    tied:          one attention for each frame's path, not one for each path and end of the chain
    norm:          of values: `space` (each channel over the map) or `all` (all channels together)
    norm_grid:     rows and columns of weights by place after the norm `space`; None: no weights
    align_corners: of the pyramid pooling
    value_start:   of training: `random`, as published, or `identity`, so that a head that comes
                   from a PSPNet starts on the features that it knows
    multi_grid:    dilations of the blocks in a ResNet's last stage; None leaves them as they are
    border:        of pictures that do not fill cells of 8 pixels: zeros in a ResNet, or replicate
    weights:       of the backbones: none, timm (a download), or a local file
    """

    images: ClassVar[ImagesRead] = "all"
    trains_all: ClassVar[bool] = False

    def __init__(
        self,
        classes: int,
        backbone: str = "resnet18",
        paths: int = 4,
        parts: int = 2,
        stride: int = 3,
        test_stride: int = 4,
        width: int = 512,
        head_width: int = 128,
        keys: int = 64,
        dropout: float = 0.1,
        tied: bool = False,
        norm: Normalisation = "space",
        norm_grid: tuple[int, int] | None = None,
        align_corners: bool = True,
        value_start: ValueStart = "random",
        multi_grid: Sequence[int] | None = (4, 8, 16),
        border: Border = "zeros",
        weights: str = "none",
    ) -> None:
        super().__init__()
        _check(classes=(classes, 2), paths=(paths, 2), parts=(parts, 1), stride=(stride, 1),
               test_stride=(test_stride, 1), width=(width, 1), head_width=(head_width, 1),
               keys=(keys, 1))  # fmt: skip
        if not 0 <= dropout < 1:
            raise BadModel(f"dropout={dropout}: a share below 1; use model.dropout=0.1")
        if paths % parts:
            raise BadModel(
                f"model.parts={parts}: does not divide model.paths={paths}, so the teacher's "
                "groups of channels would not match the sub-networks; choose a divisor"
            )
        settings = Settings(
            classes, parts, 1 if tied else paths - 1, stride, test_stride, width, head_width, keys,
            dropout, norm, norm_grid, align_corners, value_start,
        )  # fmt: skip
        self.paths = nn.ModuleList(
            SubNetwork(Backbone(backbone, weights, multi_grid, border), number % parts, settings)
            for number in range(paths)
        )
        self.tied = tied
        self.phase = 0  # path of a stream's first frame, in evaluation
        by_part = sorted(range(paths), key=lambda path: (path % parts, path // parts))
        self.group_of = {path: group for group, path in enumerate(by_part)}

    @property
    def pixels(self) -> PixelsRead:
        return "all"

    @property
    def has_two_steps(self) -> bool:
        return False  # each path has a step of its own

    @property
    def backbone_modules(self) -> tuple[nn.Module, ...]:
        return tuple(self._path(number).backbone for number in range(len(self.paths)))

    @property
    def least_interval(self) -> int:
        return len(self.paths)

    @property
    def aliases(self) -> Mapping[str, str]:
        path = self._path(0)
        # the published networks start from a PSPNet's head only where its shape fits
        fits = path.head.mix.weight.shape[:2] == (path.backbone.channels // 4, path.pyramid.out)
        names = {"backbone": "backbone", "pyramid": "head.pyramid"}
        names |= {"head": "head.fcn"} if fits else {}
        return {
            f"paths.{number}.{own}": other
            for number in range(len(self.paths))
            for own, other in names.items()
        }

    def share(self, name: str, weight: Tensor) -> Tensor:
        _, number, part, *rest = name.split(".")
        pyramid = self._path(int(number)).pyramid
        if part == "pyramid" and weight.ndim:
            return weight.chunk(pyramid.parts)[pyramid.part]
        if part == "head" and rest[0] == "mix":
            whole = PyramidPooling(pyramid.channels)
            return weight[:, whole.members(pyramid.parts)[pyramid.part]]
        return weight

    def forward(self, clip: Clip) -> Prediction:
        offsets = clip.offset.tolist()
        attends = [offset >= len(self.paths) - 1 for offset in offsets]
        frames = max(2, clip.motion.shape[1] + 1)
        if any(attends) and clip.images.shape[1] != frames:
            raise ValueError(
                f"images is {list(clip.images.shape)}: a TDNet reads all {frames} frames of a clip "
                "(images=all)"
            )
        paths = self._target_paths(offsets)
        memories = self._memories(clip.images, paths, attends)
        order: list[int] = []
        predictions: list[Prediction] = []
        for number in sorted(set(paths)):
            samples = [sample for sample, path in enumerate(paths) if path == number]
            single = [sample for sample in samples if not attends[sample]]
            attending = [sample for sample in samples if attends[sample]]
            past = [
                Memory.batched(memories[sample, back] for sample in attending)
                for back in range(len(self.paths) - 1, 0, -1)
                if attending
            ]
            targets = clip.images[[*single, *attending], -1]
            predictions.append(self._predict(number, targets, len(single), past))
            order += [*single, *attending]
        inverse = torch.tensor(order, device=clip.images.device).argsort()
        return Prediction._make(
            None if parts[0] is None else torch.cat(parts)[inverse]
            for parts in zip(*predictions, strict=True)
        )

    def step(self, state: State, frame: Step) -> tuple[State, Tensor]:
        index = int(state[0]) if state else 0
        past = [Memory._make(state[start : start + 3]) for start in range(1, len(state), 3)]
        number = (index + self.phase) % len(self.paths)
        path = self._path(number)
        _, pooled = path.encode(frame.pixels())
        value = path.value(pooled)
        if len(past) == len(self.paths) - 1:
            value = value + attend(past, self._hops(number), path.query(pooled))
            past = past[1:]
        past = [*past, path.memory(pooled)]
        return (torch.tensor(index + 1), *chain.from_iterable(past)), path.classify(value)

    def _path(self, number: int) -> SubNetwork:
        path = self.paths[number % len(self.paths)]
        assert isinstance(path, SubNetwork)
        return path

    def _hops(self, number: int) -> list[nn.Module]:
        """The hops from the oldest frame to the one on this path."""
        if not self.tied:
            return list(self._path(number).hops)
        return [self._path(number - back).hops[0] for back in range(len(self.paths) - 2, -1, -1)]

    def _target_paths(self, offsets: Sequence[int]) -> list[int]:
        if self.training:
            return [int(torch.randint(len(self.paths), ()))] * len(offsets)
        return [(offset + self.phase) % len(self.paths) for offset in offsets]

    def _memories(
        self, images: Tensor, paths: Sequence[int], attends: Sequence[bool]
    ) -> dict[tuple[int, int], Memory]:
        """Memories of the frames that targets attend to, by sample and number of frames back."""
        memories: dict[tuple[int, int], Memory] = {}
        for number in range(len(self.paths)):
            frames = [
                (sample, back)
                for sample, target_path in enumerate(paths)
                for back in range(1, len(self.paths))
                if attends[sample] and (target_path - back - number) % len(self.paths) == 0
            ]
            if frames:
                chosen = images[[sample for sample, _ in frames], [-1 - back for _, back in frames]]
                path = self._path(number)
                memory = path.memory(path.encode(chosen)[1])
                rows = zip(*(torch.split(maps, 1) for maps in memory), strict=True)
                memories.update(zip(frames, map(Memory._make, rows), strict=True))
        return memories

    def _predict(
        self, number: int, images: Tensor, single: int, past: Sequence[Memory]
    ) -> Prediction:
        """Targets [n, 3, H, W] on one path; those after the first `single` attend to the past."""
        path = self._path(number)
        pyramid, pooled = path.encode(images)
        value = whole = path.value(pooled)
        if past:
            attended = attend(past, self._hops(number), path.query(pooled[single:]))
            whole = torch.cat([value[:single], value[single:] + attended])
        # as one batch: the head's batch statistics are then those of both
        single_path, logits = path.classify(torch.cat([value, whole])).chunk(2)
        group = torch.zeros(len(images), len(self.paths), dtype=torch.bool, device=images.device)
        group[:, self.group_of[number]] = True
        auxiliary = path.classify_auxiliary(pyramid)
        return Prediction(
            logits, pyramid.deep, auxiliary=auxiliary, single_path=single_path, group=group
        )


def _check(**settings: tuple[int, int]) -> None:
    for name, (value, least) in settings.items():
        if value < least:
            raise BadModel(f"{name}={value}: at least {least}; use model.{name}={least} or more")

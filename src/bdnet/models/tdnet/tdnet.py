"""TDNet: sub-networks take turns on the frames, and attention adds up what they see."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import ClassVar

import torch
from torch import Tensor, nn

from bdnet.models.backbone import Backbone
from bdnet.models.base import ImagesRead, PixelsRead, State, Step, VideoModel
from bdnet.models.errors import BadModel
from bdnet.models.tdnet.attention import Memory, propagate
from bdnet.models.tdnet.subnetwork import SubNetwork
from bdnet.types import Clip, Prediction


class TDNet(VideoModel):
    """N sub-networks (paths), each of which sees a part of the channels (Hu et al., 2020).

        frame tau - 3   path 1 --V_1--A--.
        frame tau - 2   path 2          (+)--A--.
        frame tau - 1   path 3                 (+)--A--.
        frame tau       path 4 ------ V_c -------------(+)-- norm -- head -- logits

    Frame tau of a stream runs on path tau mod N. The first N - 1 frames hear of no others.

    [readings] A clip is a stream that begins at its keyframe, and keyframes do not end a stream. In
    training one path is drawn for the targets of a whole batch. Path i keeps part i mod `parts`,
    and goes with one of the teacher's groups that lie in it. LayerNorm, tied to one size of
    pictures, is GroupNorm with one group.

    paths:  N
    parts:  that the pyramid pooling's channels are shared out in
    stride: of the grid of cells that is remembered of past frames, in training and use alike
    width:  channels of values
    keys:   channels of queries and keys
    weights: of the backbones: none, timm (a download), or a local file
    """

    images: ClassVar[ImagesRead] = "all"
    trains_all: ClassVar[bool] = False
    has_two_steps: ClassVar[bool] = False  # each path has its own

    def __init__(
        self,
        classes: int,
        backbone: str = "resnet18",
        paths: int = 4,
        parts: int = 2,
        stride: int = 4,
        width: int = 512,
        keys: int = 64,
        weights: str = "none",
    ) -> None:
        super().__init__()
        _check(classes=(classes, 2), paths=(paths, 2), parts=(parts, 1), stride=(stride, 1),
               width=(width, 4), keys=(keys, 1))  # fmt: skip
        if paths % parts:
            raise BadModel(
                f"model.parts={parts}: does not divide model.paths={paths}, so that the teacher's "
                "groups of channels would not be the sub-networks'; say one that does"
            )
        self.paths = nn.ModuleList(
            SubNetwork(
                classes, Backbone(backbone, weights), parts, number % parts, stride, width, keys
            )
            for number in range(paths)
        )
        self.phase = 0  # path of a stream's first frame, in evaluation
        by_part = sorted(range(paths), key=lambda path: (path % parts, path // parts))
        self.group_of = {path: group for group, path in enumerate(by_part)}

    @property
    def pixels(self) -> PixelsRead:
        return "all"

    @property
    def backbone_modules(self) -> tuple[nn.Module, ...]:
        return tuple(self._path(number).backbone for number in range(len(self.paths)))

    @property
    def least_interval(self) -> int:
        return len(self.paths)

    @property
    def aliases(self) -> Mapping[str, str]:
        return {f"paths.{number}.backbone": "backbone" for number in range(len(self.paths))}

    def forward(self, clip: Clip) -> Prediction:
        offsets = clip.offset.tolist()
        hears = [offset >= len(self.paths) - 1 for offset in offsets]
        frames = max(2, clip.motion.shape[1] + 1)
        if any(hears) and clip.images.shape[1] != frames:
            raise ValueError(
                f"images is {list(clip.images.shape)}: a TDNet reads all {frames} frames of a clip "
                "(images=all)"
            )
        ends = self._ends(offsets)
        memories = self._memories(clip.images, ends, hears)
        order: list[int] = []
        seen: list[Prediction] = []
        for end in sorted(set(ends)):
            silent, hearing = (
                [place for place in range(len(ends)) if (ends[place], hears[place]) == (end, does)]
                for does in (False, True)
            )
            past = [
                Memory.joined(memories[place, back] for place in hearing)
                for back in range(len(self.paths) - 1, 0, -1)
                if hearing
            ]
            seen.append(self._predict(end, clip.images[[*silent, *hearing], -1], len(silent), past))
            order += [*silent, *hearing]
        places = torch.tensor(order, device=clip.images.device).argsort()
        return Prediction._make(
            None if parts[0] is None else torch.cat(parts)[places]
            for parts in zip(*seen, strict=True)
        )

    def step(self, state: State, frame: Step) -> tuple[State, Tensor]:
        number = int(state[0]) if state else 0
        past = [Memory._make(state[place : place + 3]) for place in range(1, len(state), 3)]
        end = (number + self.phase) % len(self.paths)
        path = self._path(end)
        _, pooled = path.look(frame.pixels())
        value = path.value(pooled)
        if len(past) == len(self.paths) - 1:
            value = value + propagate(past, self._hops(end), path.query(pooled))
            past = past[1:]
        past = [*past, path.remember(pooled)]
        return (torch.tensor(number + 1), *chain.from_iterable(past)), path.judge(value)

    def _path(self, number: int) -> SubNetwork:
        path = self.paths[number % len(self.paths)]
        assert isinstance(path, SubNetwork)
        return path

    def _hops(self, end: int) -> list[nn.Module]:
        """Of the frames after the oldest, up to the one on path `end`."""
        return [self._path(end - back).hop for back in range(len(self.paths) - 2, -1, -1)]

    def _ends(self, offsets: Sequence[int]) -> list[int]:
        """The path of each target."""
        if self.training:
            return [int(torch.randint(len(self.paths), ()))] * len(offsets)
        return [(offset + self.phase) % len(self.paths) for offset in offsets]

    def _memories(
        self, images: Tensor, ends: Sequence[int], hears: Sequence[bool]
    ) -> dict[tuple[int, int], Memory]:
        """By a sample's place in the batch, and how many frames back: what targets hear of."""
        found: dict[tuple[int, int], Memory] = {}
        backs = range(1, len(self.paths))
        for number in range(len(self.paths)):
            wanted = [
                (place, back)
                for place, end in enumerate(ends)
                for back in backs
                if hears[place] and (end - back - number) % len(self.paths) == 0
            ]
            if wanted:
                chosen = images[[place for place, _ in wanted], [-1 - back for _, back in wanted]]
                path = self._path(number)
                memory = path.remember(path.look(chosen)[1])
                rows = zip(*(each.chunk(len(each)) for each in memory), strict=True)
                found.update(zip(wanted, map(Memory._make, rows), strict=True))
        return found

    def _predict(self, end: int, images: Tensor, silent: int, past: Sequence[Memory]) -> Prediction:
        """Targets [n, 3, H, W] on one path; those after the first `silent` hear of the past."""
        path = self._path(end)
        seen, pooled = path.look(images)
        value = path.value(pooled)
        alone = logits = value
        if past:
            told = propagate(past, self._hops(end), path.query(pooled[silent:]))
            logits = torch.cat([value[:silent], value[silent:] + told])
        # at once: normalised apart in training, they would not go together in use
        alone, logits = path.judge(torch.cat([alone, logits])).chunk(2)
        group = torch.zeros(len(images), len(self.paths), dtype=torch.bool, device=images.device)
        group[:, self.group_of[end]] = True
        middle = path.judge_middle(seen)
        return Prediction(logits, seen.deep, middle=middle, alone=alone, group=group)


def _check(**settings: tuple[int, int]) -> None:
    for name, (value, least) in settings.items():
        if value < least:
            raise BadModel(f"{name}={value}: at least {least}; say model.{name}={least} or more")

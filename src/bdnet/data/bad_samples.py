"""Training clips that cannot be read: others come in their place, counted and named."""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from torch.utils.data import Dataset

from bdnet.data.base import Sample
from bdnet.data.clips import Clips
from bdnet.data.errors import BadData
from bdnet.data.loading import Bad, Read
from bdnet.data.offsets import OffsetIndex
from bdnet.data.sampler import Draw, Kind
from bdnet.errors import BdnetError

log = logging.getLogger(__name__)

OnBadSample = Literal["raise", "skip"]
TURNS = 20  # draws for one place in a batch; where all fail, the data are no data
KINDS = {True: "labelled", False: "unlabelled"}


class Replaced(Dataset[Read]):
    """Clips; in the place of one that cannot be read, another draw of its kind.

    Which one follows from the draw alone, so that training stays a function of seed and step.
    """

    def __init__(self, clips: Clips, kinds: Sequence[Kind]) -> None:
        self.items, self.kinds = clips, kinds

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, draw: Draw) -> Read:
        bad: list[Bad] = []
        for _ in range(TURNS):
            try:
                return Read(self.items[draw], tuple(bad))
            except BdnetError as error:
                bad.append(Bad(draw.sample, str(error)))
            draw = self._other(draw)
        return Read(None, tuple(bad))

    def _other(self, draw: Draw) -> Draw:
        (draws,) = (draws for draws, _ in self.kinds if draw.sample in draws.samples)
        return draws.instead(draw)


class BadSamples:
    """The clips that training could not read, as this process has met them.

    most: the share of the labelled clips, and of the unlabelled ones, that may be among them
    """

    def __init__(self, most: float) -> None:
        if not 0 <= most <= 1:
            raise BadData(f"bad_samples_at_most={most}: a share of the clips, from 0 to 1")
        self.most = most
        self.clips: set[tuple[str, int, bool]] = set()  # video, frame, whether it has a label
        self._of: Counter[bool] = Counter()

    def begin(self, parts: Iterable[OffsetIndex]) -> None:
        """Notes what the look at all files, before training, has found among these clips."""
        self._of.clear()
        for part in parts:
            self._of.update(each.label is not None for each in part.samples)
            for place, sentence in part.bad.items():
                self._meet(part.samples[place], sentence)
        self._check()

    def note(self, samples: Sequence[Sample], bad: Iterable[Bad]) -> None:
        """Notes what a batch brought to light."""
        for number, sentence in bad:
            if number >= 0:
                self._meet(samples[number], sentence)
        self._check()

    def count_by_video(self) -> dict[str, int]:
        """How many clips of each video were skipped."""
        return dict(sorted(Counter(video for video, *_ in self.clips).items()))

    def state(self) -> dict[str, Any]:
        """For checkpoints: an interrupted training counts on."""
        return {"clips": sorted(self.clips)}

    def restore(self, state: dict[str, Any]) -> None:
        self.clips = {(video, frame, labelled) for video, frame, labelled in state["clips"]}

    def _meet(self, sample: Sample, sentence: str) -> None:
        video = str(sample.video)
        if video not in self.count_by_video():
            log.warning("skipped: %s", sentence)
        self.clips.add((video, sample.target, sample.label is not None))

    def _check(self) -> None:
        bad = Counter(labelled for *_, labelled in self.clips)
        for labelled, count in bad.items():
            if count > self.most * self._of[labelled]:
                files = ", ".join(list(self.count_by_video())[:5])
                raise BadData(
                    f"{count} of {self._of[labelled]} {KINDS[labelled]} training clips cannot be "
                    f"read, more than bad_samples_at_most={self.most:g} of them, the first of "
                    f"{files}; mend the data (python -m bdnet.probe data=...), or allow more: "
                    "data.bad_samples_at_most=..."
                )

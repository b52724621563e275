"""Training clips that could not be read: counted, named, and bounded."""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from bdnet.data.base import Sample
from bdnet.data.errors import BadData
from bdnet.data.loading import Unreadable
from bdnet.data.offsets import OffsetIndex

log = logging.getLogger(__name__)

OnBadSample = Literal["raise", "skip"]


class BadSamples:
    """The clips that this process skipped in training because they could not be read.

    limit: the share of the labelled clips, and of the unlabelled ones, that may be among them
    """

    def __init__(self, limit: float) -> None:
        if not isinstance(limit, int | float) or not 0 <= limit <= 1:
            raise BadData(f"bad_samples_at_most={limit}: a share of the clips, from 0 to 1")
        self.limit = limit
        self.clips: set[tuple[str, int, bool]] = set()  # video, frame, whether it has a label
        self._total: Counter[bool] = Counter()  # clips with a label, and without

    def begin(self, indices: Iterable[OffsetIndex]) -> None:
        """Counts the training clips, and those whose files were unreadable before training."""
        self._total.clear()
        for index in indices:
            self._total.update(sample.label is not None for sample in index.samples)
            for number, reason in index.errors.items():
                self._add(index.samples[number], reason)
        self._check()

    def add(self, samples: Sequence[Sample], errors: Iterable[Unreadable]) -> None:
        """Counts what a batch could not read."""
        for number, reason in errors:
            if number >= 0:
                self._add(samples[number], reason)
        self._check()

    def count_by_video(self) -> dict[str, int]:
        return dict(sorted(Counter(video for video, *_ in self.clips).items()))

    def state_dict(self) -> dict[str, Any]:
        """Goes into checkpoints, so that a resumed training goes on counting."""
        return {"clips": sorted(self.clips)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.clips = {(video, frame, labelled) for video, frame, labelled in state["clips"]}

    def _add(self, sample: Sample, reason: str) -> None:
        video = str(sample.video)
        if video not in self.count_by_video():
            log.warning("skipped: %s", reason)
        self.clips.add((video, sample.target, sample.label is not None))

    def _check(self) -> None:
        for labelled, count in Counter(labelled for *_, labelled in self.clips).items():
            if count > self.limit * self._total[labelled]:
                videos = ", ".join(list(self.count_by_video())[:5])
                raise BadData(
                    f"{count} of {self._total[labelled]} {'' if labelled else 'un'}labelled "
                    "training clips cannot be read, more than "
                    f"bad_samples_at_most={self.limit:g} of them, for example of {videos}; "
                    "repair the data (python -m bdnet.probe data=...), or allow more: "
                    "data.bad_samples_at_most=..."
                )

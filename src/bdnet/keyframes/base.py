"""The interface of rules for keyframes."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from bdnet.types import Frame


class Keyframes(ABC):
    """Chooses the frames of a video that are the network's keyframes.

    The first frame and those without motion always are: features cannot be propagated to them.

    chooses_any_frame: the rule can choose frames other than the codec's keyframes, so the decoder
                       asks it about every frame
    """

    chooses_any_frame: ClassVar[bool] = True

    @abstractmethod
    def begin(self) -> Callable[[Frame], bool]:
        """For a new video, a function that is asked about each frame, once and in order."""

    @abstractmethod
    def __str__(self) -> str:
        """A short description, for tables and summaries."""

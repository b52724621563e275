"""What every rule for keyframes is."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from bdnet.types import Frame


class Keyframes(ABC):
    """Says which frames of a video are the network's keyframes.

    The first frame and those without motion always are: there is nothing to propagate along.

    asks: the decoder must ask this rule about each frame whose pixels it might skip; False of one
          that takes no other frames than those
    """

    asks: ClassVar[bool] = True

    @abstractmethod
    def begin(self) -> Callable[[Frame], bool]:
        """A new video: what to ask about each of its frames, once and in order."""

    @abstractmethod
    def __str__(self) -> str:
        """In a few words."""

"""Motion vectors of the compressed stream, holes filled from around them, accumulated: one warp."""

from torch import Tensor

from bdnet.models.base import State, Step
from bdnet.models.propagation.vectors import Vectors
from bdnet.motion.holes import fill
from bdnet.types import Clip


class Filled(Vectors):
    """Composes the fields as Vectors does, after giving vectors to the cells without one.

    What the encoder coded anew mostly moves as its surroundings do; standing still, as a hole does
    otherwise, it would be torn from them. Costs no network.
    """

    def trace(self, clip: Clip) -> Tensor:
        return super().trace(clip._replace(motion=fill(clip.motion, clip.valid)))

    def follow(self, state: State, frame: Step) -> State:
        return super().follow(state, frame._replace(motion=fill(*frame.vectors())))

"""Motion vectors of the compressed stream, holes filled from around them, accumulated: one warp."""

from torch import Tensor

from bdnet.models.base import State, Step
from bdnet.models.propagation.vectors import Vectors
from bdnet.motion.holes import fill
from bdnet.types import Clip


class Filled(Vectors):
    """Gives vectors to the cells without one, then composes the fields as Vectors does.

    Blocks that the encoder coded anew mostly move as their surroundings do; as holes they would
    stand still.
    """

    def field(self, clip: Clip) -> Tensor:
        return super().field(clip._replace(motion=fill(clip.motion, clip.valid)))

    def append(self, state: State, frame: Step) -> State:
        return super().append(state, frame._replace(motion=fill(*frame.vectors())))

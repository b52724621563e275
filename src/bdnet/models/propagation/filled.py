"""Motion vectors of the compressed stream, holes filled from around them, accumulated: one warp."""

from bdnet.clip import Clip
from bdnet.codec.holes import fill
from bdnet.models.base import State, Step
from bdnet.models.propagation.base import Maps, Moved
from bdnet.models.propagation.vectors import Vectors


class Filled(Vectors):
    """Composes the fields as Vectors does, after giving vectors to the cells without one.

    What the encoder coded anew mostly moves as its surroundings do; standing still, as a hole does
    otherwise, it would be torn from them. Costs no network.
    """

    def forward(self, maps: Maps, clip: Clip) -> Moved:
        return super().forward(maps, clip._replace(motion=fill(clip.motion, clip.valid)))

    def step(self, state: State, frame: Step) -> tuple[State, Maps]:
        return super().step(state, frame._replace(motion=fill(*frame.vectors())))

"""No motion: the keyframe's features stay where they are."""

from bdnet.models.base import State, Step
from bdnet.models.propagation.base import Maps, Moved, Propagation
from bdnet.types import Clip


class Copy(Propagation):
    """The control: what propagation is worth without vectors."""

    def forward(self, maps: Maps, clip: Clip) -> Moved:  # noqa: ARG002
        return Moved(maps)

    def start(self, maps: Maps, frame: Step) -> State:  # noqa: ARG002
        return maps

    def step(self, state: State, frame: Step) -> tuple[State, Maps]:  # noqa: ARG002
        return state, state

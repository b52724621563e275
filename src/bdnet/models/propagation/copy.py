"""No motion: the keyframe's features stay where they are."""

from bdnet.models.base import State, Step
from bdnet.models.maps import FlatMaps
from bdnet.models.propagation.base import Propagated, Propagation
from bdnet.types import Clip


class Copy(Propagation):
    """The control: without vectors, to measure what they gain."""

    def forward(self, maps: FlatMaps, clip: Clip) -> Propagated:  # noqa: ARG002
        return Propagated(maps)

    def start(self, maps: FlatMaps, frame: Step) -> State:  # noqa: ARG002
        return maps

    def step(self, state: State, frame: Step) -> tuple[State, FlatMaps]:  # noqa: ARG002
        return state, state

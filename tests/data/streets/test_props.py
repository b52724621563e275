"""Who hides whom, and who runs into whom."""

import numpy as np
import pytest

from bdnet.data.streets.classes import Label
from bdnet.data.streets.props import Prop, collide, far_to_near, upright
from bdnet.data.streets.textures import Texture

SPRITE = upright(Texture(np.full((4, 4, 3), 9, np.uint8)), Label.CAR, 1.0, 1.0)


def prop(
    x: float, z: float, half: tuple[float, float] = (0.2, 0.05), step: tuple[float, float] = (0, 0)
) -> Prop:
    """Return a prop with a footprint."""
    return Prop(((SPRITE,),), (x, z), half, step)


def test_nearer_is_painted_later() -> None:
    near, far = prop(0, 5), prop(0, 9)
    assert far_to_near([near, far], 0, (0.0, 0.0)) == [far, near]


@pytest.mark.parametrize("side", [-1, 1])
def test_long_car_hides_the_post_beyond_and_not_the_cyclist_before_it(side: int) -> None:
    car = prop(side * 3.2, 10.2, (0.9, 2.2))
    post, cyclist = prop(side * 4.3, 9.0), prop(side * 1.9, 11.0)
    assert far_to_near([cyclist, car, post], 0, (0.0, 0.0)) == [post, car, cyclist]


def test_order_follows_movement() -> None:
    walker, car = prop(0, 5, step=(0, 1)), prop(0, 8, (0.9, 1.0))
    assert far_to_near([walker, car], 0, (0.0, 0.0)) == [car, walker]
    assert far_to_near([walker, car], 9, (0.0, 0.0)) == [walker, car]


def test_clash_in_some_frame() -> None:
    crossing, car = prop(-4, 10, step=(0.1, 0)), prop(0, 20, (0.9, 2.0), step=(0, -0.25))
    assert collide(crossing, car, 60, (0.0, 0.0))
    assert not collide(crossing, car, 10, (0.0, 0.0))
    assert collide(prop(0, 0), prop(0.3, 0), 1, (0.0, 0.0))
    assert not collide(prop(0, 0), prop(0.5, 0), 1, (0.0, 0.0))
    assert collide(prop(0, 0), prop(0.5, 0), 1, (0.2, 0.0))


def test_prop_moves_and_changes_pose() -> None:
    second = upright(SPRITE.texture, Label.PEDESTRIAN, 1.0, 1.0)
    walker = Prop(((SPRITE,), (second,)), (1.0, 2.0), (0.2, 0.1), (0.5, -0.25), cadence=1.0)
    (first,), (later,) = walker.surfaces(0), walker.surfaces(3)
    assert (first.label, later.label) == (Label.CAR, Label.PEDESTRIAN)
    assert later.frame[[0, 2], 2] - first.frame[[0, 2], 2] == pytest.approx((1.5, -0.75))

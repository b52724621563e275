"""Wrong parameters are refused with the value and the fix."""

from typing import Any

import pytest

from bdnet.data.streets import StreetParameters, render


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("height", 8, "height=8 pixels: choose a size from 32"),
        ("width", 9000, "width=9000 pixels: choose a size from 32 to 4096"),
        ("length", 0, "length=0 frames: a drive needs at least 1"),
        ("speed", (0.4, 0.2), r"speed=\(0.4, 0.2\) metres per frame: .* low <= high"),
        ("speed", (-0.1, 0.2), r"speed=\(-0.1, 0.2\) .* choose from 0 to 3"),
        ("density", 3.0, r"density=3.0 \(relative\): choose from 0 to 2"),
        ("field_of_view", 170.0, "field_of_view=170.0 degrees: choose from 30 to 110"),
        ("eye_height", 0.1, "eye_height=0.1 metres: choose from 0.8 to 3"),
        ("visibility", (1.0, 2.0), r"visibility=\(1.0, 2.0\) metres: choose from 20"),
        ("noise", -1.0, "noise=-1.0 grey levels: choose from 0 to 20"),
    ],
)
def test_error_quotes_value_and_fix(name: str, value: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        StreetParameters(**{name: value})


@pytest.mark.parametrize("seed", [-1, (), (3, -2)])
def test_seed_is_refused(seed: Any) -> None:
    with pytest.raises(ValueError, match="give an integer, or a tuple of integers"):
        next(render(StreetParameters(), seed))

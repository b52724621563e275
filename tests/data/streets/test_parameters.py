"""Wrong parameters are refused with the value and the fix."""

import re
from typing import Any

import pytest

from bdnet.data.streets import StreetParameters, render


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("height", 8),
        ("width", 9000),
        ("length", 0),
        ("speed", (0.4, 0.2)),
        ("speed", (-0.1, 0.2)),
        ("density", 3.0),
        ("field_of_view", 170.0),
        ("eye_height", 0.1),
        ("visibility", (1.0, 2.0)),
        ("noise", -1.0),
    ],
)
def test_error_quotes_the_value(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{name}={value}")):
        StreetParameters(**{name: value})


@pytest.mark.parametrize("seed", [-1, (), (3, -2)])
def test_seed_is_refused(seed: Any) -> None:
    with pytest.raises(ValueError, match=re.escape(f"seed={seed}")):
        next(render(StreetParameters(), seed))

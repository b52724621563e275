"""Parameters of the street world."""

from dataclasses import dataclass

from bdnet.data.errors import BadData


@dataclass(frozen=True)
class StreetParameters:
    """Size, length and character of the drives."""

    height: int = 128  # pixels
    width: int = 256  # pixels
    length: int = 30  # frames
    speed: tuple[float, float] = (0.22, 0.46)  # metres per frame, one value drawn per drive
    density: float = 1.0  # how full the street is: 0 is empty, 1 is busy, 2 is crowded
    field_of_view: float = 61.0  # degrees, horizontal
    eye_height: float = 1.45  # metres above the road
    visibility: tuple[float, float] = (180.0, 700.0)  # metres, one value drawn per drive
    noise: float = 1.0  # standard deviation of the sensor noise in grey levels

    def __post_init__(self) -> None:
        """Refuse values that cannot be rendered."""
        for name in ("height", "width"):
            size = getattr(self, name)
            if not 32 <= size <= 4096:
                raise BadData(f"{name}={size} pixels: choose a size from 32 to 4096")
        if self.length < 1:
            raise BadData(f"length={self.length} frames: a drive needs at least 1 frame")
        self._check_range("speed", self.speed, 0.0, 3.0, "metres per frame")
        self._check_range("visibility", self.visibility, 20.0, 1e5, "metres")
        self._check_range("density", (self.density, self.density), 0.0, 2.0, "(relative)")
        self._check_range("field_of_view", (self.field_of_view,) * 2, 30.0, 110.0, "degrees")
        self._check_range("eye_height", (self.eye_height,) * 2, 0.8, 3.0, "metres")
        self._check_range("noise", (self.noise,) * 2, 0.0, 20.0, "grey levels")

    def _check_range(
        self, name: str, value: tuple[float, float], least: float, most: float, unit: str
    ) -> None:
        """Refuse a (low, high) pair that is not ordered or leaves [least, most]."""
        if len(value) != 2 or not least <= value[0] <= value[1] <= most:
            given = getattr(self, name)
            pair = ", as (low, high) with low <= high" if isinstance(given, tuple | list) else ""
            raise BadData(f"{name}={given} {unit}: choose from {least:g} to {most:g}{pair}")

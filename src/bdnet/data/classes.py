"""The classes of a data set: their names, colours, and how label images store them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import yaml
from numpy.typing import NDArray

from bdnet.data.errors import BadData
from bdnet.errors import BdnetError
from bdnet.system.files import write
from bdnet.system.yaml_text import LOADER, yaml_text
from bdnet.types import IGNORE

Colour = tuple[int, int, int]
# what moves by itself, in the names of CamVid, Cityscapes and similar data sets
MOVABLE = (
    "bicycle", "bicyclist", "bus", "car", "motorcycle", "pedestrian", "person", "rider", "train",
    "truck",
)  # fmt: skip
UNKNOWN = 254  # in a look-up table: a value that label images must not hold

EXAMPLE = """\
names: [road, car]
colours: [[128, 64, 128], [0, 0, 142]]
ignore: [255]"""


@dataclass(frozen=True)
class Classes:
    """Names and colours by class number; stored maps values of label images to class numbers.

    stored None: a label image holds the class numbers themselves, and 255 for no class.
    """

    names: tuple[str, ...]
    colours: tuple[Colour, ...]
    stored: tuple[tuple[int, int], ...] | None = None  # (value, class or 255)

    def __post_init__(self) -> None:
        if len(self.names) != len(self.colours):
            raise BadData(
                f"{len(self.names)} classes and {len(self.colours)} colours: give one each"
            )
        if not 1 <= len(self.names) < UNKNOWN:
            raise BadData(f"{len(self.names)} classes: give 1 to {UNKNOWN - 1}")
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            raise BadData(f"names: {', '.join(twice)} twice; each class has a name of its own")
        for colour in self.colours:
            if len(colour) != 3 or not all(_is_byte(value) for value in colour):
                raise BadData(
                    f"colour {list(colour)}: three whole numbers of 0..255, as in [128, 64, 128]"
                )

    def __len__(self) -> int:
        return len(self.names)

    def table(self) -> NDArray[np.uint8]:
        """[256] stored value -> class number; 255 is no class, 254 a value that must not occur."""
        table = np.full(256, UNKNOWN, np.uint8)
        table[IGNORE] = IGNORE
        pairs = self.stored or tuple((number, number) for number in range(len(self)))
        for value, number in pairs:
            table[value] = number
        return table

    def values(self) -> NDArray[np.uint8]:
        """[256] class number -> its first stored value; 255 -> the lowest value without a class."""
        pairs = self.stored or ()
        values = np.arange(256, dtype=np.uint8)
        without = [value for value, number in pairs if number == IGNORE]
        values[IGNORE] = min(without, default=IGNORE)
        for value, number in reversed(pairs):
            if number != IGNORE:
                values[number] = value
        return values

    @property
    def movable(self) -> tuple[int, ...]:
        """Numbers of the classes that move, by their names; for the tailing error."""
        return tuple(number for number, name in enumerate(self.names) if name in MOVABLE)

    def palette(self) -> NDArray[np.uint8]:
        """[256, 3] RGB by class number, black for no class."""
        palette = np.zeros((256, 3), np.uint8)
        palette[: len(self)] = self.colours
        return palette

    @classmethod
    def read(cls, path: Path | str) -> Self:
        """Reads classes.yaml.

        names:   of the classes 0, 1, ...
        colours: [R, G, B] of each; left out, they are chosen
        stored:  value of each class in label images, or a list of values; left out, 0, 1, ...
        ignore:  value, or list of values, without a class; left out, 255, which always is
        """
        path = Path(path)
        if not path.is_file():
            raise BadData(f"{path} is missing; write it, for example\n{EXAMPLE}")
        try:
            content = yaml.load(yaml_text(path, 10_000), LOADER) or {}
            unknown = set(content) - {"names", "colours", "stored", "ignore"}
            if unknown:
                raise ValueError(f"unknown keys {sorted(unknown)}")
            return cls._of(**content)
        except (BdnetError, TypeError, ValueError, OverflowError, yaml.YAMLError) as error:
            raise BadData(f"{path}: {error}; it should look like\n{EXAMPLE}") from error

    @classmethod
    def _of(
        cls,
        names: list[str] | None = None,
        colours: list[Colour] | None = None,
        stored: list[int | list[int]] | None = None,
        ignore: int | list[int] = IGNORE,
    ) -> Self:
        if not isinstance(names, list) or any(isinstance(name, list | dict) for name in names):
            raise TypeError(f"names is {repr(names)[:80]}, not a list of texts")
        stored = list(range(len(names))) if stored is None else stored
        if len(stored) != len(names):
            raise ValueError(f"{len(names)} names and {len(stored)} stored values: give one each")
        pairs = [(value, number) for number, entry in enumerate(stored) for value in _values(entry)]
        table = dict(pairs)
        if len(table) < len(pairs):
            raise ValueError(f"stored={stored}: two classes have the same value")
        table |= dict.fromkeys(_values(ignore), IGNORE)
        return cls(
            tuple(map(str, names)),
            tuple((r, g, b) for r, g, b in colours or default_colours(len(names))),
            tuple(table.items()),
        )

    def write(self, path: Path, values: NDArray[np.uint8] | None = None) -> None:
        """Writes classes.yaml for label images of class numbers, or of these `values()`."""
        content: dict[str, Any] = {
            "names": list(self.names),
            "colours": [list(colour) for colour in self.colours],
        }
        if values is not None:
            stored = values.tolist()
            content |= {"stored": stored[: len(self)], "ignore": stored[IGNORE]}
        text = yaml.safe_dump(content, sort_keys=False, default_flow_style=None)
        write(path, text.encode())


def _is_byte(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255


def _values(entry: int | list[int]) -> list[int]:
    values = entry if isinstance(entry, list) else [entry]
    for value in values:
        if not _is_byte(value):
            raise ValueError(f"value {value!r} in a label image: an integer of 0..255")
    return values


def default_colours(count: int) -> list[Colour]:
    """Colours that differ as far as they can: the golden angle around the hue circle."""
    hues = (np.arange(count) * 0.618034) % 1
    ramp = np.stack([np.abs(((hues * 6 + shift) % 6) - 3) - 1 for shift in (0, 4, 2)], 1)
    return [(int(r), int(g), int(b)) for r, g, b in np.clip(ramp, 0, 1) * 200 + 40]

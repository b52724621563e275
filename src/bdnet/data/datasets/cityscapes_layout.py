"""Cityscapes' official folders and file names, and what is missing of them."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from bdnet.data.errors import BadData

FRAMES, LABELLED = 30, 19  # of a snippet
OFFICIAL = {"train": 2975, "val": 500, "test": 1525}  # snippets
LABEL_NAME = re.compile(r"(.+)_(\d{6})_(\d{6})_gtFine_labelIds")
SEQUENCES, LABELS = "leftImg8bit_sequence_trainvaltest.zip", "gtFine_trainvaltest.zip"
STILLS = "leftImg8bit_trainvaltest.zip"
SOURCE = "of https://www.cityscapes-dataset.com"


class Snippet(NamedTuple):
    """A labelled frame and the 29 frames around it."""

    split: str
    city: str
    sequence: str
    frame: int  # number of the labelled one
    label: Path

    @property
    def name(self) -> str:
        return f"{self.city}_{self.sequence}_{self.frame:06d}"

    def images(self, root: Path) -> tuple[Path, ...]:
        folder = root / "leftImg8bit_sequence" / self.split / self.city
        first = self.frame - LABELLED
        return tuple(
            folder / f"{self.city}_{self.sequence}_{number:06d}_leftImg8bit.png"
            for number in range(first, first + FRAMES)
        )


def snippets(root: Path, split: str) -> list[Snippet]:
    """One for each label file; those of test are dummies, but named as the others."""
    folder = root / "gtFine" / split
    if not folder.is_dir():
        raise BadData(f"{folder} is missing; unpack {LABELS} {SOURCE} into {root}")
    found = []
    for path in sorted(folder.glob("*/*_gtFine_labelIds.png")):
        name = LABEL_NAME.fullmatch(path.stem)
        if name is None or int(name[3]) < LABELLED:
            raise BadData(
                f"{path}: not named CITY_SEQUENCE_FRAME_gtFine_labelIds.png, with a frame from "
                f"{LABELLED:06d}; unpack {LABELS} again"
            )
        found.append(Snippet(split, path.parent.name, name[2], int(name[3]), path))
    if not found:
        raise BadData(f"{folder} holds no CITY/*_gtFine_labelIds.png; unpack {LABELS} again")
    return found


def counts(root: Path, splits: Collection[str]) -> str:
    """How many snippets of the official ones there are."""
    numbers = {split: len(snippets(root, split)) for split in splits}
    return ", ".join(
        f"{split} {number} of the official {OFFICIAL[split]} snippets"
        for split, number in numbers.items()
    )


def check_layout(root: Path, splits: Collection[str]) -> None:
    """Refuses a folder in which files of these splits are missing, and names all their archives.

    splits: those whose sequences are needed
    """
    problems = [problem for split in splits for problem in _problems(root, split)]
    if problems:
        raise BadData("\n".join(dict.fromkeys(problems)))


def _problems(root: Path, split: str) -> Iterator[str]:
    try:
        found = snippets(root, split)
    except BadData as error:
        yield str(error)
        found = []
    sequences = root / "leftImg8bit_sequence"
    folders = {path.parent: None for snippet in found for path in snippet.images(root)[:1]}
    for folder in (sequences, *folders) if sequences.is_dir() else (sequences,):
        if not folder.is_dir():
            stills = ""
            if (root / "leftImg8bit").is_dir():
                stills = (
                    f" ({STILLS} has the labelled frames only, which train no network of videos: "
                    "data=images takes them)"
                )
            yield f"{folder} is missing; unpack {SEQUENCES} {SOURCE} into {root}{stills}"
            return
    images = [path for snippet in found for path in snippet.images(root)]
    present = {path for folder in folders for path in folder.iterdir()}
    if missing := [path for path in images if path not in present]:
        yield (
            f"{missing[0]} is missing, the first of {len(missing)} of {len(images)} frames of "
            f"{split}; unpack {SEQUENCES} again"
        )

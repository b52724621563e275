"""Labelled images as they are, without a video: the usual test splits of image data sets."""

from dataclasses import dataclass
from pathlib import Path

from bdnet.data.base import ClipDataset, Sample, Split, warn_val_is_test
from bdnet.data.classes import Classes
from bdnet.data.errors import BadData
from bdnet.data.image_pairs import PairFolders


@dataclass(eq=False)
class Images(ClipDataset):
    """Image/label pairs, each a sample of its own, for networks of single frames (interval=1).

    root:    folder of the data set; images, labels and lists are relative to it
    classes: with the values that the label images store
    images:  folder of the images of each split; only those that are used need one
    labels:  folder of their labels, which have the same names
    lists:   text file of the names in each split, for folders that hold more than one split
    """

    root: Path | str
    classes: Classes
    images: dict[str, str | None]
    labels: dict[str, str | None]
    lists: dict[str, str | None] | None = None

    def __post_init__(self) -> None:
        self.folders = PairFolders(Path(self.root), self.images, self.labels, self.lists or {})

    def samples(self, split: Split) -> list[Sample]:
        source = self.stored_split(split)
        if (split, source) == ("test", "val"):
            warn_val_is_test(self.root)
        if source not in self.folders.splits:
            raise BadData(
                f"{self.root}: no {source} images; name their folders in images.{source} and "
                f"labels.{source}"
            )
        return [
            Sample(pair.image, 0, pair.label if split != "predict" else None, (pair.image,))
            for pair in self.folders.pairs(source)
        ]

    def stored_split(self, split: Split) -> str:
        source = "test" if split == "predict" else split
        return "val" if source == "test" and "test" not in self.folders.splits else source

"""A user's own videos and labels, in folders, without any code."""

from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from bdnet.data.base import (
    SPLITS,
    ClipDataset,
    Sample,
    Split,
    all_frames,
    folder_samples,
    videos_in,
    warn_val_is_test,
)
from bdnet.data.classes import Classes
from bdnet.data.errors import BadData
from bdnet.data.keyframe_index import index_videos
from bdnet.errors import BdnetError
from bdnet.system.yaml_text import yaml_text


class Folder(ClipDataset):
    """Videos and label images as they lie in a folder; nothing is written but `.keyframes.json`.

        root/classes.yaml               names, colours and ignored values: see Classes.read
        root/videos/NAME.mp4            clean streams (.mp4, .mkv, .avi): python -m bdnet.encode
        root/labels/NAME/000123.png     label of frame 123, counted from 0: 8-bit grey or palette
        root/splits.yaml                which video is used for what

    splits.yaml lists names of videos, without .mp4, or globs:

        train: [monday_*, tuesday_1]
        val: [tuesday_2]
        test: [wednesday_*]

    Instead of splits.yaml, each split can have a folder of its own: root/train/videos and
    root/train/labels, root/val/..., root/test/... . Without a test split, val is used for it.
    Any frame may be labelled or not; a split uses its labelled frames. To predict, every frame of
    every video is used, and neither labels nor splits.yaml are needed.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)
        if not self.root.is_dir():
            raise BadData(f"root={root} is no folder; it should hold classes.yaml and videos/")
        self.classes = Classes.read(self.root / "classes.yaml")
        self.keyframe_cache = self.root / ".keyframes.json"

    def samples(self, split: Split) -> list[Sample]:
        if split == "predict":
            return self._every_frame()
        source = self.stored_split(split)
        if source != split:
            warn_val_is_test(self.root)
        names = self._read_splits() if self._is_flat() else None
        root = self.root / source if names is None else self.root
        _check_names(root)
        samples = folder_samples(root)
        if names is not None:
            samples = [sample for sample in samples if sample.video.stem in names[source]]
        if not samples:
            raise BadData(
                f"{root / 'labels'} holds no label of a video of {source}; the label of frame 123 "
                f"of videos/NAME.mp4 is {root / 'labels' / 'NAME' / '000123.png'}"
            )
        return samples

    def stored_split(self, split: Split) -> str:
        if split != "test":
            return split
        is_flat, folder = self._is_flat(), self.root / "test"
        has_test = "test" in self._read_splits() if is_flat else folder.is_dir()
        return "test" if has_test else "val"

    def _is_flat(self) -> bool:
        """One videos/ folder, rather than one for each split."""
        flat = (self.root / "videos").is_dir()
        by_split = [split for split in SPLITS if (self.root / split / "videos").is_dir()]
        if flat and by_split:
            raise BadData(
                f"{self.root} holds both videos/ and {by_split[0]}/videos/; keep videos/ with a "
                "splits.yaml, or the folders of the splits"
            )
        return flat or not by_split

    def _every_frame(self) -> list[Sample]:
        roots = [self.root]
        if not self._is_flat():
            roots = [self.root / split for split in SPLITS]
            roots = [root for root in roots if (root / "videos").is_dir()]
        videos = [video for root in roots for video in videos_in(root)]
        indices = index_videos(videos, self.keyframe_cache)
        return [frame for video in videos for frame in all_frames(video, indices[video].frames)]

    def _read_splits(self) -> dict[str, set[str]]:
        """The names of each split's videos, by splits.yaml."""
        path = self.root / "splits.yaml"
        names = [video.stem for video in videos_in(self.root)]
        splits: dict[str, set[str]] = {}
        for split, patterns in _read_patterns(path, names).items():
            splits[split] = set()
            for pattern in patterns:
                matches = {name for name in names if name == pattern or fnmatchcase(name, pattern)}
                if not matches:
                    raise BadData(
                        f"{path}: {split}: {pattern} matches no video in {self.root / 'videos'} "
                        f"(there are {', '.join(names[:3])}, ...); correct the name, without .mp4"
                    )
                splits[split] |= matches
        if both := splits["train"] & (splits["val"] | splits.get("test", set())):
            raise BadData(
                f"{path}: {min(both)} is in train and in val or test; results would be too good: "
                "leave it in one of them"
            )
        return splits


def _read_patterns(path: Path, names: list[str]) -> dict[str, list[str]]:
    """The lists of splits.yaml."""
    example = f"train: [{', '.join(names[:-1][:3]) or 'monday_*'}]\nval: [{names[-1]}]"
    if not path.is_file():
        raise BadData(
            f"{path} is missing; write it with names of videos, or globs, for example\n{example}"
        )
    try:
        content = yaml.load(yaml_text(path), yaml.BaseLoader)  # 0001 is a name, no number
    except (BdnetError, yaml.YAMLError) as error:
        raise BadData(f"{path}: {error}; it should look like\n{example}") from error
    is_mapping = isinstance(content, dict) and {"train", "val"} <= set(content) <= set(SPLITS)
    if not is_mapping or not all(map(_is_list_of_names, content.values())):
        raise BadData(
            f"{path}: its keys are train, val and, if you like, test, each a list; it should look "
            f"like\n{example}"
        )
    return dict(content)


def _is_list_of_names(patterns: object) -> bool:
    return isinstance(patterns, list) and all(isinstance(name, str) for name in patterns)


def _check_names(root: Path) -> None:
    """Refuses two videos of one name, and a label folder without a video."""
    videos: dict[str, Path] = {}
    for video in videos_in(root):
        if video.stem in videos:
            raise BadData(f"{video} and {videos[video.stem]} have the same name; rename one")
        videos[video.stem] = video
    for folder in sorted(path for path in (root / "labels").glob("*") if path.is_dir()):
        if folder.name not in videos and not folder.name.startswith("."):
            raise BadData(
                f"{folder} has no video {root / 'videos' / folder.name}.mp4; add the video "
                "(python -m bdnet.encode), or remove the labels"
            )

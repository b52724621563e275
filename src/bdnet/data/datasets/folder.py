"""A user's own videos and labels, in folders, without any code."""

from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from bdnet.data.base import ClipDataset, Sample, Split, folder_samples, videos_in, warn_once
from bdnet.data.classes import Classes
from bdnet.data.errors import BadData
from bdnet.data.keyframe_index import index_videos

SPLITS: tuple[Split, ...] = ("train", "val", "test")


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
        if split == "test" and not self._has_test():
            warn_once(f"{self.root}: no test split; val is used for it")
            split = "val"
        if self._is_flat():
            root, found = self.root, self._labelled(self.root, self._split_names()[split])
        else:
            root = self.root / split
            found = self._labelled(root, None)
        if not found:
            raise BadData(
                f"{root / 'labels'} holds no label of a video of {split}; the label of frame 123 "
                f"of videos/NAME.mp4 is {root / 'labels' / 'NAME' / '000123.png'}"
            )
        return found

    def _is_flat(self) -> bool:
        """One videos/ folder, rather than one for each split."""
        flat = (self.root / "videos").is_dir()
        split = [name for name in SPLITS if (self.root / name / "videos").is_dir()]
        if flat and split:
            raise BadData(
                f"{self.root} holds both videos/ and {split[0]}/videos/; keep videos/ with a "
                "splits.yaml, or the folders of the splits"
            )
        return flat or not split

    def _has_test(self) -> bool:
        if self._is_flat():
            return "test" in self._split_names()
        return (self.root / "test").is_dir()

    def _every_frame(self) -> list[Sample]:
        roots = [self.root] if self._is_flat() else [self.root / name for name in SPLITS]
        present = [root for root in roots if (root / "videos").is_dir()] or [self.root]
        videos = [video for root in present for video in videos_in(root)]
        entries = index_videos(videos, self.keyframe_cache)
        return [
            Sample(video, index, None) for video in videos for index in range(entries[video].frames)
        ]

    def _labelled(self, root: Path, names: set[str] | None) -> list[Sample]:
        _check_names(root)
        return [
            sample for sample in folder_samples(root) if names is None or sample.video.stem in names
        ]

    def _split_names(self) -> dict[str, set[str]]:
        """Names of the videos of each split in splits.yaml."""
        path = self.root / "splits.yaml"
        names = [video.stem for video in videos_in(self.root)]
        if not path.is_file():
            raise BadData(
                f"{path} is missing; write it with names of videos, or globs, for example\n"
                f"{_example(names)}"
            )
        splits: dict[str, set[str]] = {}
        for split, patterns in _read_splits(path, names).items():
            splits[split] = set()
            for pattern in patterns:
                found = {name for name in names if name == pattern or fnmatchcase(name, pattern)}
                if not found:
                    raise BadData(
                        f"{path}: {split}: {pattern} matches no video in {self.root / 'videos'} "
                        f"(there are {', '.join(names[:3])}, ...); correct the name, without .mp4"
                    )
                splits[split] |= found
        both = splits["train"] & (splits["val"] | splits.get("test", set()))
        if both:
            raise BadData(
                f"{path}: {min(both)} is in train and in val or test; results would be too good: "
                "leave it in one of them"
            )
        return splits


def _read_splits(path: Path, names: list[str]) -> dict[str, list[str]]:
    try:
        content = yaml.load(path.read_text(), yaml.BaseLoader)  # 0001 is a name, no number
    except yaml.YAMLError as error:
        raise BadData(f"{path}: {error}; it should look like\n{_example(names)}") from error
    is_mapping = isinstance(content, dict) and {"train", "val"} <= set(content) <= set(SPLITS)
    if not is_mapping or not all(isinstance(each, list) for each in content.values()):
        raise BadData(
            f"{path}: its keys are train, val and, if you like, test, each a list; it should look "
            f"like\n{_example(names)}"
        )
    return dict(content)


def _example(names: list[str]) -> str:
    return f"train: [{', '.join(names[:-1][:3]) or 'monday_*'}]\nval: [{names[-1]}]"


def _check_names(root: Path) -> None:
    """Each label folder has one video."""
    videos: dict[str, Path] = {}
    for video in videos_in(root):
        if video.stem in videos:
            raise BadData(f"{video} and {videos[video.stem]} have the same name; rename one")
        videos[video.stem] = video
    labels = root / "labels"
    folders = sorted(path for path in labels.iterdir() if path.is_dir()) if labels.is_dir() else []
    for folder in folders:
        if folder.name not in videos and not folder.name.startswith("."):
            raise BadData(
                f"{folder} has no video {root / 'videos' / folder.name}.mp4; add the video "
                "(python -m bdnet.encode), or remove the labels"
            )

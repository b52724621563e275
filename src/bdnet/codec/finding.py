"""Finds the videos and folders of images that a path or pattern means."""

import glob
import logging
import re
from collections.abc import Iterator
from pathlib import Path

from bdnet.codec.errors import UnsupportedStream
from bdnet.codec.sources import Source

IMAGES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm"}
VIDEOS = {".mp4", ".mkv", ".mov", ".avi", ".webm", ".m4v", ".mpg", ".mpeg", ".ts", ".m2ts", ".flv",
          ".wmv", ".h264", ".264", ".hevc", ".h265", ".ogv", ".3gp", ".y4m", ".mts", ".vob", ".m2v",
          ".asf", ".rm", ".mxf", ".3g2", ".amv", ".apng", ".av1", ".divx", ".dv", ".f4v", ".gif",
          ".h261", ".h263", ".ivf", ".m1v", ".m2t", ".mjpeg", ".mjpg", ".mpv", ".nsv", ".nut",
          ".obu", ".ogg", ".rmvb", ".swf", ".vc1", ".vvc", ".wtv"}  # fmt: skip


IGNORED = {*IMAGES, ".csv", ".json", ".md", ".txt", ".yaml", ".yml"}  # without a warning

log = logging.getLogger(__name__)


def natural(path: Path) -> list[tuple[int, str]]:
    """Sort key by which frame_9.png comes before frame_10.png."""
    parts = re.split(r"(\d+)", path.name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def find_sources(pattern: str, images: bool = True) -> list[Source]:
    """The sequences in a video, a folder of images, a tree of both, or a glob pattern.

    images: False leaves images out
    """
    path = Path(pattern)
    if path.exists():
        is_tree = path.is_dir() and not (images and images_in(path))
        root, matches = path if is_tree else path.parent, [path]
    else:
        root = _fixed_part(path)
        matches = [Path(match) for match in sorted(glob.glob(pattern, recursive=True))]
    sources = [source for match in matches for source in _sources_at(match, root, images)]
    if not sources:
        count = f"{len(matches)} matches" if matches else "no match"
        kinds = f" and no folder with images ({' '.join(sorted(IMAGES))})" if images else ""
        raise UnsupportedStream(
            f"{pattern}: {count}, but no video{kinds}; give another path or pattern"
        )
    return list({source.name: source for source in sources}.values())


def result_names(sources: list[Source]) -> dict[Path, Source]:
    """The sources by the paths of their results below an output folder.

    A video's is its own without the ending; of videos that differ in nothing else, with it.
    """
    short = [
        _inside(source.name.with_suffix("")) if source.is_video else None for source in sources
    ]
    names: dict[Path, Source] = {}
    for source, name in zip(sources, short, strict=True):
        is_unique = name is not None and short.count(name) == 1 and name.name not in ("", "..")
        whole = name if name is not None and is_unique else _inside(source.name)
        if whole in names:
            raise UnsupportedStream(
                f"{source.path} and {names[whole].path} would both become {whole}; use different "
                "output folders"
            )
        names[whole] = source
    return names


def _inside(name: Path) -> Path:
    """A relative path without `..`, by which a pattern may have led elsewhere."""
    return Path(*(part for part in name.parts if part != ".."))


def _sources_at(path: Path, root: Path, images: bool) -> Iterator[Source]:
    if not path.is_dir():
        if path.suffix.lower() not in IMAGES:
            yield Source(path.relative_to(root), (path,), is_video=True)
        return
    others = [source for child in _children(path) for source in _sources_at(child, root, images)]
    if pictures := images_in(path) if images else ():
        if others:
            raise UnsupportedStream(
                f"{path}: holds images ({pictures[0].name}, ...) beside {others[0].path}: one kind "
                "is meant; move the other elsewhere, or name files by a pattern, as 'FOLDER/*.mp4'"
            )
        yield Source(path.relative_to(root), pictures, is_video=False)
    yield from others


def _children(folder: Path) -> list[Path]:
    """The videos and folders in a folder; other files are named in a warning."""
    shown = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    taken = [path for path in shown if path.is_dir() or path.suffix.lower() in VIDEOS]
    unknown = [
        path.name for path in shown if path not in taken and path.suffix.lower() not in IGNORED
    ]
    if unknown:
        log.warning(
            "%s: not read: %s", folder, ", ".join(unknown[:5] + ["..."] * (len(unknown) > 5))
        )
    return taken


def images_in(folder: Path) -> tuple[Path, ...]:
    """The images of a folder, in natural order."""
    paths = (path for path in folder.iterdir() if path.suffix.lower() in IMAGES)
    return tuple(sorted(paths, key=natural))


def _fixed_part(pattern: Path) -> Path:
    """The folder above the first wildcard."""
    fixed = Path(pattern.anchor)
    for part in pattern.parts[len(fixed.parts) : -1]:
        if glob.has_magic(part):
            break
        fixed /= part
    return fixed

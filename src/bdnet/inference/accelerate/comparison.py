"""Compares an accelerated network with the same network on every frame of a video."""

from collections import Counter, defaultdict, deque
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pandas import DataFrame, Series
from torch import Tensor

from bdnet.data.base import labelled_frames
from bdnet.data.classes import Classes
from bdnet.data.labels import read_label
from bdnet.errors import BdnetError
from bdnet.inference.accelerate.page import Pictures, write_page
from bdnet.metrics.boundary import BoundaryF
from bdnet.metrics.consistency import VideoConsistency
from bdnet.metrics.segmentation import confusion_of, iou
from bdnet.types import IGNORE, Segmentation

OUTLINE = 3  # pixels at 1024x2048: tolerance of boundary F
WINDOW = 8  # frames of VC
BOTH = ("every frame", "accelerated")


class Truth:
    """Label images of a folder, named after their frames: 000005.png is frame 5."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.paths = labelled_frames(self.folder)
        if not self.paths:
            raise BdnetError(
                f"labels={folder}: no label images; give a folder of 000000.png, 000001.png and so "
                "on, named after the frame and holding class numbers"
            )

    def read(self, index: int, classes: Classes) -> NDArray[np.uint8] | None:
        path = self.paths.get(index)
        return None if path is None else read_label(path, classes)


class Comparison:
    """The results; print them, or write them as an HTML page.

    summary:     calls, seconds, flicker (share of pixels whose class changes from a frame to the
                 next) of both, and with labels mIoU and VC
    by_distance: frames from the keyframe -> agreement and seconds, and with labels mIoU
    by_class:    agreement as IoU, and with labels IoU of both
    motion:      where it came from
    """

    def __init__(self, video: str, classes: Classes) -> None:
        self.video, self.classes, self.motion = video, classes, ""
        self.size: tuple[int, ...] = ()
        self.pictures = Pictures(classes)
        self._frames: Counter[int] = Counter()
        self._calls: Counter[str] = Counter()
        self._seconds: dict[tuple[str, int], float] = defaultdict(float)
        self._confusion: dict[tuple[str, int], Tensor] = {}
        self._changed: Counter[str] = Counter()
        self._compared = 0
        self._outlines = BoundaryF(len(classes), (OUTLINE,))
        self._consistency = {name: VideoConsistency(len(classes), WINDOW) for name in BOTH}
        self._last: deque[dict[str, NDArray[np.uint8]]] = deque(maxlen=WINDOW)

    def add(self, own: Segmentation, fast: Segmentation, truth: NDArray[np.uint8] | None) -> None:
        """Adds a frame: the labels of the network, and those of the accelerated one."""
        if own.labels.shape != self.size:
            self._last.clear()
        self.size = own.labels.shape
        if truth is not None and truth.shape != self.size:
            raise BdnetError(
                f"the label image of frame {own.index} is {truth.shape[0]}x{truth.shape[1]}, the "
                f"frame {self.size[0]}x{self.size[1]} (height x width): give labels of its size"
            )
        maps = dict(zip(BOTH, (own.labels, fast.labels), strict=True))
        distance = fast.offset
        self._frames[distance] += 1
        for name, frame in zip(BOTH, (own, fast), strict=True):
            self._calls[name] += frame.is_key
            self._seconds[name, distance] += frame.seconds.network
        self._count("agreement", distance, fast.labels, own.labels)
        self._outlines.update(_tensor(fast.labels)[None], _tensor(own.labels)[None])
        if truth is not None:
            for name, labels in maps.items():
                self._count(name, distance, labels, truth)
        self._follow(maps, truth)
        self.pictures.add(own, fast)

    def _count(
        self, name: str, distance: int, labels: NDArray[np.uint8], truth: NDArray[np.uint8]
    ) -> None:
        counts = confusion_of(truth, labels, len(self.classes))
        self._confusion[name, distance] = self._confusion.get((name, distance), 0) + counts

    def _follow(self, maps: dict[str, NDArray[np.uint8]], truth: NDArray[np.uint8] | None) -> None:
        """Flicker, and consistency where the last frames have labels too."""
        if self._last:
            self._compared += maps[BOTH[0]].size
            for name in BOTH:
                self._changed[name] += int((maps[name] != self._last[-1][name]).sum())
        if truth is None:
            truth = np.full(self.size, IGNORE, np.uint8)
        self._last.append({**maps, "truth": truth})
        if len(self._last) == WINDOW:
            window = {
                name: _tensor(np.stack([frame[name] for frame in self._last]))[None]
                for name in self._last[-1]
            }
            for name in BOTH:
                self._consistency[name].update(window[name], window["truth"])

    @property
    def has_labels(self) -> bool:
        return any(name == BOTH[0] for name, _ in self._confusion)

    @property
    def frames(self) -> int:
        return sum(self._frames.values())

    @property
    def agreement(self) -> dict[str, float]:
        """Agreement of the accelerated labels with those of every frame, in percent."""
        confusion = self._total("agreement")
        return {
            "mIoU": _percent(iou(confusion).nanmean()),
            "pixels": _percent(confusion.diagonal().sum() / confusion.sum()),
            "outlines": _percent(self._outlines.compute()[OUTLINE].mean),
        }

    @property
    def summary(self) -> DataFrame:
        rows: dict[str, dict[str, float]] = {}
        for name in BOTH:
            rows[name] = {
                "calls": self._calls[name],
                "seconds per frame": round(self._total_seconds(name) / max(1, self.frames), 4),
                "changing pixels %": _percent(self._changed[name] / max(1, self._compared)),
            }
            if self.has_labels:
                rows[name]["mIoU"] = _percent(iou(self._total(name)).nanmean())
                if self._consistency[name].update_called:
                    rows[name][f"VC{WINDOW}"] = _percent(self._consistency[name].compute().by_pixel)
        # counts stay whole numbers beside shares
        return DataFrame({name: Series(row, dtype=object) for name, row in rows.items()})

    @property
    def by_distance(self) -> DataFrame:
        rows = {}
        for distance, frames in sorted(self._frames.items()):
            row: dict[str, float] = {"frames": frames}
            row["agreement mIoU"] = self._miou("agreement", distance)
            for name in BOTH:
                row[f"seconds, {name}"] = round(self._seconds[name, distance] / frames, 4)
                if self.has_labels:
                    row[f"mIoU, {name}"] = self._miou(name, distance)
            rows[distance] = row
        table = DataFrame.from_dict(rows, orient="index")
        return table.rename_axis("frames from the keyframe")

    def report(self) -> dict[str, Any]:
        """Plain numbers that can be added over videos."""
        return {
            "frames": self.frames,
            "size": list(self.size),
            "motion": self.motion,
            "agreement": self.agreement,
            "calls": dict(self._calls),
            "seconds": {name: round(self._total_seconds(name), 4) for name in BOTH},
            "pixels": {
                name: pixels_of(self._total(name))
                for name in ("agreement", *(BOTH if self.has_labels else ()))
            },
        }

    @property
    def by_class(self) -> DataFrame:
        names = ["agreement", *(BOTH if self.has_labels else ())]
        columns = {
            f"{name} IoU": [_percent(value) for value in iou(self._total(name))] for name in names
        }
        table = DataFrame(columns, index=list(self.classes.names)).rename_axis("class")
        return table.dropna(how="all")

    def _total(self, name: str) -> Tensor:
        matrices = [matrix for (which, _), matrix in self._confusion.items() if which == name]
        return torch.stack(matrices).sum(0)

    def _total_seconds(self, name: str) -> float:
        return sum(value for (which, _), value in self._seconds.items() if which == name)

    def _miou(self, name: str, distance: int) -> float:
        matrix = self._confusion.get((name, distance))
        return float("nan") if matrix is None else _percent(iou(matrix).nanmean())

    def __str__(self) -> str:
        height, width = self.size
        agreement = ", ".join(f"{name} {value:.2f}" for name, value in self.agreement.items())
        head = f"{self.video}: {self.frames} frames of {height}x{width}, motion: {self.motion}"
        tables = (self.summary, self.by_distance, self.by_class)
        texts = [table.to_string(na_rep="-") for table in tables]
        return "\n\n".join([f"{head}\nagreement with every frame, %: {agreement}", *texts])

    def html(self, path: Path | str) -> Path:
        """Writes a self-contained HTML page: tables, curve, and frames to leaf through."""
        return write_page(self, Path(path))


def pixels_of(confusion: Tensor) -> list[list[int]]:
    """[hits, true, guessed] of each class of a confusion matrix."""
    hits = confusion.diagonal()
    rows = torch.stack([hits, confusion.sum(1), confusion.sum(0)[: len(hits)]])
    pixels: list[list[int]] = rows.T.tolist()
    return pixels


def _tensor(labels: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(labels)).long()


def _percent(share: Tensor | float) -> float:
    return round(100 * float(share), 2)

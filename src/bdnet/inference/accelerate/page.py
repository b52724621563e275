"""A comparison as one HTML file that opens without a network."""

import base64
import html
import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from bdnet.codec.pixels import Image
from bdnet.data.classes import Classes
from bdnet.reports.pictures.paint import paint_errors, paint_labels
from bdnet.system.files import write
from bdnet.types import Segmentation

if TYPE_CHECKING:
    from bdnet.inference.accelerate.comparison import Comparison

MOST = 64  # frames in a page, at most
WIDEST = 480  # pixels of a picture in it, at most
PARTS = ("picture", "every frame", "accelerated", "difference")


class Shown(NamedTuple):
    """A frame in the page: its number and distance from the keyframe, and pictures as data URIs."""

    number: int
    offset: int
    pictures: tuple[str, ...]


class Pictures:
    """Evenly spread frames of a video whose length is not known beforehand."""

    def __init__(self, classes: Classes) -> None:
        self.classes = classes
        self.shown: list[Shown] = []
        self._step = 1

    def add(self, own: Segmentation, fast: Segmentation) -> None:
        image = own.frame.image
        if own.index % self._step or image is None:
            return
        if len(self.shown) == MOST:
            self._step *= 2
            self.shown = [frame for frame in self.shown if frame.number % self._step == 0]
            if own.index % self._step:
                return
        scale = min(1.0, WIDEST / image.shape[1])
        size = round(image.shape[1] * scale), round(image.shape[0] * scale)
        picture = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        maps = [_small(frame.labels, size) for frame in (own, fast)]
        pictures = (
            _uri(picture, ".jpg"),
            *(_uri(paint_labels(labels, self.classes), ".png") for labels in maps),
            _uri(paint_errors(maps[1], maps[0], picture), ".jpg"),
        )
        self.shown.append(Shown(own.index, fast.offset, pictures))


def _small(labels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    return cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST).astype(np.uint8, copy=False)


def _uri(image: Image, ending: str) -> str:
    settings = [cv2.IMWRITE_JPEG_QUALITY, 80] if ending == ".jpg" else []
    _, encoded = cv2.imencode(ending, image[:, :, ::-1], settings)
    kind = {".jpg": "jpeg", ".png": "png"}[ending]
    return f"data:image/{kind};base64,{base64.b64encode(encoded.tobytes()).decode()}"


def write_page(comparison: "Comparison", path: Path) -> Path:
    """The HTML file."""
    agreement = ", ".join(f"{name} {value:.2f}" for name, value in comparison.agreement.items())
    tables = (comparison.summary, comparison.by_distance, comparison.by_class)
    shown = comparison.pictures.shown
    figures = "".join(
        f'<figure><img id="part{number}" alt="{part}"><figcaption>{part}</figcaption></figure>'
        for number, part in enumerate(PARTS)
    )
    frames = [
        {"title": f"frame {frame.number}, {frame.offset} from the keyframe", "uris": frame.pictures}
        for frame in shown
    ]
    text = PAGE.format(
        title=html.escape(comparison.video),
        frames=comparison.frames,
        motion=comparison.motion,
        agreement=agreement,
        curve=_curve(comparison.by_distance["agreement mIoU"].to_dict()),
        tables="\n".join(table.to_html(na_rep="", border=0) for table in tables),
        figures=figures,
        last=max(0, len(shown) - 1),
        data=json.dumps(frames),
        legend=_legend(comparison.classes),
    )
    write(path, text.encode())
    return path


def _legend(classes: Classes) -> str:
    return " ".join(
        f'<span><i style="background:rgb{colour}"></i>{html.escape(name)}</span>'
        for name, colour in zip(classes.names, classes.colours, strict=True)
    )


def _curve(values: dict[int, float]) -> str:
    """An SVG curve of the agreement over the distance from the keyframe."""
    width, height, margin = 520, 200, 40
    points = {distance: value for distance, value in values.items() if value == value}  # noqa: PLR0124  # no nan
    if not points:
        return ""
    low = min(95.0, *points.values())
    furthest = max(1, *points)
    places = [
        (
            margin + (width - 2 * margin) * distance / furthest,
            margin + (height - 2 * margin) * (100 - value) / (100 - low),
        )
        for distance, value in points.items()
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"><title>{distance}: {value:.2f}</title></circle>'
        for (x, y), (distance, value) in zip(places, points.items(), strict=True)
    )
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="agreement by distance">'
        f'<polyline points="{line}"/>{dots}'
        f'<text x="2" y="{margin}">100</text><text x="2" y="{height - margin}">{low:.1f}</text>'
        f'<text x="{margin}" y="{height - 8}">0</text>'
        f'<text x="{width - margin}" y="{height - 8}">{furthest}</text>'
        f'<text x="{width // 3}" y="{height - 8}">frames from the keyframe</text>'
        f'<text x="{margin}" y="16">mIoU with the network on every frame, %</text></svg>'
    )


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 15px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 1020px; }}
table {{ border-collapse: collapse; margin: 1em 0; }}
th, td {{ text-align: right; padding: 2px 10px; border-bottom: 1px solid #ccc; }}
figure {{ display: inline-block; margin: 4px; width: 48%; }} figure img {{ width: 100%; }}
svg {{ max-width: 520px; }} polyline {{ fill: none; stroke: #06c; stroke-width: 2; }}
circle {{ fill: #06c; }} text {{ font-size: 12px; }} input {{ width: 100%; }}
span {{ margin-right: 1em; white-space: nowrap; }}
i {{ display: inline-block; width: 1em; height: 1em; margin-right: .3em; }}
</style>
<h1>{title}</h1>
<p>{frames} frames, motion: {motion}. Agreement with the network on every frame, %: {agreement}</p>
{figures}
<p id="title"></p><input type="range" id="frame" min="0" max="{last}" value="0">
<p>{legend}</p>
{curve}
{tables}
<script>
const frames = {data};
const slider = document.getElementById("frame");
function show() {{
  const frame = frames[slider.value];
  if (!frame) return;
  document.getElementById("title").textContent = frame.title;
  frame.uris.forEach((uri, part) => {{ document.getElementById("part" + part).src = uri; }});
}}
slider.addEventListener("input", show);
show();
</script>
</html>
"""

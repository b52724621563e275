"""Panels: which tiles, how large, and what of the clip they show."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from bdnet.data.classes import Classes
from bdnet.data.normalisation import normalise
from bdnet.reports.pictures.lettering import LINE
from bdnet.reports.pictures.panel import GAP, comparison, panel, sheet_of_panels
from bdnet.types import Clip, cells

CLASSES = Classes(("road", "car", "sky"), ((128, 64, 128), (0, 0, 142), (70, 130, 180)))


def a_clip(height: int = 64, width: int = 512, offset: int = 2) -> Clip:
    generator = torch.Generator().manual_seed(0)
    grid = cells(height), cells(width)
    return Clip(
        torch.randint(0, 256, (2, 3, height, width), generator=generator, dtype=torch.uint8),
        torch.zeros(4, 2, *grid),
        torch.ones(4, *grid, dtype=torch.bool),
        torch.randint(0, 3, (height, width), generator=generator),
        torch.tensor(offset),
    )


def tiles(picture: np.ndarray, width: int) -> list[np.ndarray]:
    """What is below the captions, from left to right."""
    starts = range(0, picture.shape[1], width + GAP)
    return [picture[LINE:, start : start + width] for start in starts]


@pytest.mark.parametrize("is_normalised", [False, True])
def test_tiles_show_the_clip_and_what_is_said_of_it(is_normalised: bool):
    clip = a_clip()
    given = normalise(clip) if is_normalised else clip
    guess = clip.labels.roll(1, 1)
    edges = torch.full((1, 16, 128), -9.0)
    edges[..., 64:] = 9
    shown = tiles(panel(given, guess, edges, CLASSES), 512)
    keyframe, target, _, label, prediction, error, boundary = shown
    for tile, image in ((keyframe, clip.images[0]), (target, clip.images[-1])):
        assert np.array_equal(tile, image.permute(1, 2, 0).numpy())
    for tile, labels in ((prediction, guess), (label, clip.labels)):
        assert np.array_equal(tile, CLASSES.palette()[labels.numpy()])
    red = (error[:, :, 0] > 200) & (error[:, :, 1] < 80)
    assert np.array_equal(red, (guess != clip.labels).numpy())
    assert boundary[:, :248].max() < 30
    assert boundary[:, 264:].min(-1).min() > 100


@pytest.mark.parametrize(
    ("frame", "tile"),
    [((61, 99), (305, 495)), ((64, 256), (128, 512)), ((360, 480), (360, 480)),
     ((256, 512), (256, 512)), ((33, 250), (66, 500)), ((1024, 2048), (256, 512))],
)  # fmt: skip
def test_small_clips_are_enlarged_and_large_ones_shrunk(frame, tile):
    height, width = tile
    clip = a_clip(*frame)
    edges = torch.zeros(1, *(-(-size // 4) for size in frame))
    assert panel(clip, clip.labels, None, CLASSES).shape == (
        LINE + height, 6 * (width + GAP) - GAP, 3,
    )  # fmt: skip
    whole = panel(clip, clip.labels.numpy(), edges, CLASSES)
    assert whole.shape == (LINE + height, 7 * (width + GAP) - GAP, 3)
    assert whole.dtype == np.uint8
    # nearest: no colour between two classes
    label = tiles(whole, width)[3].reshape(-1, 3)
    assert {tuple(colour) for colour in label.tolist()} == set(CLASSES.colours)


def test_the_share_of_errors_counts_labelled_pixels_only(monkeypatch):
    words = []
    monkeypatch.setattr(
        "bdnet.reports.pictures.panel.captioned", lambda tile, text: words.append(text) or tile
    )
    clip = a_clip()
    labels = torch.full_like(clip.labels, 255)
    panel(clip._replace(labels=labels), clip.labels, None, CLASSES)
    labels[:, :100] = 1
    guess = torch.ones_like(labels)
    guess[:, :25] = 0
    clip = clip._replace(labels=labels)
    panel(clip, guess, None, CLASSES)
    comparison(clip, {"mine": guess}, CLASSES)
    assert words[:6] == [
        "keyframe, t - 2", "target, t", "vectors of 2 frames", "label", "prediction", "error",
    ]  # fmt: skip
    assert words[11] == "error, 25.0 % wrong"
    assert words[12:] == ["target", "label", "mine, 25.0 % wrong"]


def test_comparisons_wrap_and_leave_an_unknown_label_out():
    clip = a_clip()
    guesses = {str(number): torch.full_like(clip.labels, number % 3) for number in range(5)}
    picture = comparison(clip, guesses, CLASSES)
    assert picture.shape == (2 * (LINE + 64) + GAP, 4 * (512 + GAP) - GAP, 3)
    lower = picture[LINE + 64 + GAP :]
    assert np.array_equal(tiles(lower, 512)[1], np.full((64, 512, 3), CLASSES.colours[0]))
    unlabelled = clip._replace(labels=torch.full_like(clip.labels, 255))
    single = comparison(unlabelled, guesses, CLASSES, columns=9)
    assert single.shape == (LINE + 64, 6 * (512 + GAP) - GAP, 3)


def test_a_sheet_stacks_rows_of_unequal_width_over_the_legend(tmp_path: Path):
    clip = a_clip()
    edges = torch.zeros(1, 16, 128)
    rows = [panel(clip, clip.labels, logits, CLASSES) for logits in (None, edges)]
    sheet_of_panels(rows, CLASSES, tmp_path / "sheets/sheet.png")
    sheet = cv2.imread(str(tmp_path / "sheets/sheet.png"))[:, :, ::-1]
    assert sheet.shape == (2 * (LINE + 64 + GAP) + LINE, rows[1].shape[1], 3)
    assert np.array_equal(sheet[LINE + 64 + GAP : 2 * (LINE + 64) + GAP], rows[1])

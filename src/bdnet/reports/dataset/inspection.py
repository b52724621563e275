"""Prints what a data set holds: splits, classes, difficulty; and draws some of its clips."""

from pathlib import Path

from pandas import DataFrame
from tqdm import tqdm

from bdnet.data.base import ClipDataset, Sample, Split
from bdnet.data.module import ClipDataModule
from bdnet.reports.dataset.check import Findings, check
from bdnet.reports.dataset.label_propagation import propagation_scores, stride_ceiling
from bdnet.reports.pictures.panel import panel, sheet_of_panels
from bdnet.types import IGNORE

ROWS = 8  # of the sheet of clips
STRIDES = (8, 4)  # of students
MOST = 200  # labels whose ceilings are measured


def inspect(
    module: ClipDataModule, split: Split, distances: list[int], clips: int, sheet: Path
) -> list[str]:
    """Prints what the data set holds, draws clips into `sheet`, and returns its problems."""
    dataset = module.dataset
    findings = check(dataset)
    print(f"{type(dataset).__name__}: {len(dataset.classes)} classes")
    for name, count in findings.targets.items():
        print(f"  {name:<6} {count:>6} labelled frames in {findings.videos[name]} videos")
    if findings.problems:
        return findings.problems
    samples = _of_first_videos(dataset.samples(split), clips)
    print(f"\nclasses (all splits), and the best that a student of stride 8 or 4 can do ({split})")
    print(_class_table(dataset, findings, samples))
    void = findings.pixels[IGNORE] / max(1, findings.pixels.sum())
    print(f"without a class: {void:.2%} of the pixels")
    scores = propagation_scores(dataset, tqdm(samples, "propagate", unit="label"), distances)
    if len(scores):
        print(f"\nmIoU of labels moved from a keyframe d frames before ({split})")
        print(scores.rename_axis(index="d").to_string(float_format="{:.3f}".format))
    drawn = [panel(clip, None, None, dataset.classes) for clip in module.examples(split, ROWS)]
    sheet_of_panels(drawn, dataset.classes, sheet)
    print(f"\n{len(drawn)} clips (keyframe, target, motion, labels) drawn in {sheet}")
    return []


def _of_first_videos(samples: list[Sample], count: int) -> list[Sample]:
    videos = list(dict.fromkeys(sample.video for sample in samples))[:count]
    return [sample for sample in samples if sample.video in videos]


def _class_table(dataset: ClipDataset, findings: Findings, samples: list[Sample]) -> str:
    paths = [sample.label for sample in samples if sample.label is not None]
    paths = paths[:: max(1, len(paths) // MOST)]
    labels = [dataset.read_label(path) for path in tqdm(paths, "ceilings", unit="label")]
    count = len(dataset.classes)
    pixels = findings.pixels[:count]
    table = DataFrame(index=dataset.classes.names)
    for stride in STRIDES:
        table[f"stride {stride}"] = stride_ceiling(labels, count, stride).numpy()
    table.loc["mean"] = table.mean()
    table.insert(0, "pixels", [*pixels / max(1, pixels.sum()), None])
    table.insert(1, "in labels", [*map(str, findings.occurs[:count]), ""])
    percent = {"pixels": "{:.2%}".format}
    return str(table.to_string(formatters=percent, float_format="{:.3f}".format, na_rep="-"))

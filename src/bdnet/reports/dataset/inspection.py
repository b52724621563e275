"""What a data set holds, printed: its splits, classes, difficulty, and a contact sheet."""

from pathlib import Path

import numpy as np
from torch import Tensor
from tqdm import tqdm

from bdnet.data.base import ClipDataset, Sample, Split
from bdnet.data.module import ClipDataModule
from bdnet.reports.dataset.carry import carried, ceiling
from bdnet.reports.dataset.check import Findings, check, shares, void_share
from bdnet.reports.dataset.sheet import contact_sheet

ROWS = 8  # of the contact sheet
STRIDES = (8, 4)  # of students


def inspect(
    module: ClipDataModule, split: Split, distances: list[int], clips: int, sheet: Path
) -> list[str]:
    """Prints what the data set holds, writes the contact sheet, and returns what is wrong."""
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
    if table := _carry_table(dataset, samples, distances):
        print(f"\nmIoU of labels carried from a keyframe d frames before ({split})")
        print(table)
    drawn = list(module.examples(split, ROWS))
    contact_sheet(drawn, dataset.classes, sheet)
    print(f"\n{len(drawn)} clips (keyframe, target, labels, motion) drawn in {sheet}")
    return []


def _of_first_videos(samples: list[Sample], count: int) -> list[Sample]:
    videos = set(list(dict.fromkeys(sample.video for sample in samples))[:count])
    return [sample for sample in samples if sample.video in videos]


def _class_table(dataset: ClipDataset, findings: Findings, samples: list[Sample]) -> str:
    paths = [sample.label for sample in samples if sample.label is not None]
    paths = paths[:: max(1, len(paths) // 200)]
    labels = [dataset.read_label(path) for path in tqdm(paths, "ceilings", unit="label")]
    best = [ceiling(labels, len(dataset.classes), stride) for stride in STRIDES]
    lines = [f"  {'class':<14} {'pixels':>8} {'in labels':>9} {'stride 8':>9} {'stride 4':>9}"]
    for number, name in enumerate(dataset.classes.names):
        share = shares(findings, len(dataset.classes))[number]
        cells = "".join(f" {_number(each[number].item()):>9}" for each in best)
        lines.append(f"  {name:<14} {share:>8.2%} {findings.occurs[number]:>9}{cells}")
    means = "".join(f" {_mean(each):>9}" for each in best)
    lines.append(f"  {'mean':<14} {'':>8} {'':>9}{means}")
    lines.append(f"  without a class: {void_share(findings):.2%} of the pixels")
    return "\n".join(lines)


def _carry_table(dataset: ClipDataset, samples: list[Sample], distances: list[int]) -> str:
    results = carried(dataset, tqdm(samples, "carry", unit="label"), distances)
    if not results:
        return ""  # no two labelled frames of a video are so far apart
    heads = "vectors", "filled", "matched", "copied", "holes"
    lines = [f"  {'d':>3} {' '.join(f'{each:>8}' for each in heads)}"]
    for distance, (*scores, holes) in results.items():
        told = " ".join(f"{_mean(each):>8}" for each in scores)
        lines.append(f"  {distance:>3} {told} {holes:>8.1%}")
    return "\n".join(lines)


def _mean(values: Tensor) -> str:
    return _number(values.nanmean().item())


def _number(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.3f}"

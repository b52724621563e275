"""Tables of results/benchmarks/*.json."""

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from bindings import benchmark

Cells = list[str]
K = (1, 5, 10, 30)
SMALL = ("pole", "sign", "pedestrian", "bicyclist")  # thin or small classes of CamVid


def markdown(head: Sequence[str], rows: Iterable[Cells]) -> str:
    """A table whose second column is words; the others are numbers."""
    rule = ["---" if column == 1 else "---:" for column in range(len(head))]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, rule, *rows])


def benchmark_table(name: str) -> str:
    """Medians over the rounds of one file."""
    record = benchmark(f"benchmarks/{name}")
    for kind, (head, rows) in KINDS.items():
        if kind in record:
            return markdown(head, rows(record[kind]))
    raise ValueError(f"{name}: none of {', '.join(KINDS)}")


def _rates(rates: dict[str, list[float]]) -> Iterator[Cells]:
    first = statistics.median(next(iter(rates.values())))
    for number, (name, values) in enumerate(rates.items(), 1):
        median = statistics.median(values)
        yield [str(number), name, *(f"{value:.1f}" for value in (median, min(values), max(values))),
               f"{median / first:.2f}"]  # fmt: skip


def _rules(rules: list[dict[str, Any]]) -> Iterator[Cells]:
    for number, rule in enumerate(rules, 1):
        yield [str(number), rule["rule"], f"{100 * rule['miou']:.2f}", f"{100 * rule['share']:.1f}",
               str(rule["longest"]), f"{rule['gflops']:.3f}",
               f"{rule['gflops'] / rules[0]['gflops']:.3f}",
               f"{statistics.median(rule['seconds']):.4f}"]  # fmt: skip


def _trips(trips: list[dict[str, Any]]) -> Iterator[Cells]:
    for leg in trips:
        seconds = statistics.median(trip["whole"] for trip in leg["trips"])
        network = statistics.median(trip["network"] for trip in leg["trips"])
        yield [leg["backbone"], leg["contender"], str(leg["interval"]), f"{seconds:.4f}",
               f"{1 / seconds:.4g}", f"{statistics.median(leg['relative']):.3f}",
               f"{min(leg['relative']):.3f}", f"{max(leg['relative']):.3f}", f"{network:.4f}",
               f"{statistics.median(leg['alone']):.4f}", leg["bottleneck"]]  # fmt: skip


def _costs(costs: dict[str, Any]) -> Iterator[Cells]:
    for backbone, networks in costs.items():
        for network, frames in networks.items():
            for frame, cost in frames.items():
                relative = cost["relative"]
                yield [backbone, f"{network}, {frame}", f"{statistics.median(cost['seconds']):.3f}",
                       f"{statistics.median(relative):.2f}", f"{min(relative):.2f}",
                       f"{max(relative):.2f}", f"{cost['gflops']:.1f}"]  # fmt: skip


def _sizes(sizes: dict[str, Any]) -> Iterator[Cells]:
    for number, (name, size) in enumerate(sizes.items(), 1):
        yield [str(number), name, f"{size['parameters']:.2f}", f"{size['multiply_adds']}",
               str(size["published"] or "-")]  # fmt: skip


def _accelerations(rows: list[dict[str, Any]]) -> Iterator[Cells]:
    for number, row in enumerate(rows, 1):
        low, high = row["interval_95"]
        shares = (row["miou"], row["difference"], low, high, row["last_miou"])
        yield [str(number), row["name"], *(f"{100 * share:.2f}" for share in shares),
               f"{row['calls']:.3f}", f"{row['lag']:.2f}",
               f"{row['seconds'] / rows[0]['seconds']:.2f}",
               *(f"{100 * row['iou'][name]:.1f}" for name in SMALL)]  # fmt: skip


def _speeds(speeds: dict[str, Any]) -> Iterator[Cells]:
    for number, (name, speed) in enumerate(speeds.items(), 1):
        every, fast = (statistics.median(speed[key]["seconds"]) for key in ("every", "accelerated"))
        ratios = speed["relative"]
        yield [str(number), name, f"{every:.3f}", f"{fast:.3f}",
               f"{statistics.median(ratios):.3f}", f"{min(ratios):.3f}", f"{max(ratios):.3f}",
               f"{statistics.median(speed['relative_cpu']):.3f}"]  # fmt: skip


def _stress(scenes: dict[str, Any]) -> Iterator[Cells]:
    for scene, rows in scenes.items():
        for name, row in rows.items():
            low, high = row["interval_95"]
            shares = (row["miou"], row["difference"], low, high)
            yield [scene, name, *(f"{100 * share:.2f}" for share in shares), f"{row['lag']:.2f}"]


def _motions(motions: list[dict[str, Any]]) -> Iterator[Cells]:
    for number, motion in enumerate(motions, 1):
        name = f"{motion['source']}: {motion['way']}"
        speed = ["-", "-"]
        if motion["rates"]:
            rate, decoding = (statistics.median(motion[key]) for key in ("rates", "decoding"))
            speed = [f"{rate:.0f}", f"{rate / decoding:.2f}"]
        labels = motion.get("accelerated") or []
        accelerated = f"{100 * statistics.mean(labels):.2f}" if labels else "-"
        scores = [
            f"{100 * motion['miou'][d]:.1f}" if d in motion["miou"] else "-"
            for d in ("1", "4", "8", "11")
        ]
        yield [str(number), name, *scores, *speed, accelerated]


KINDS: dict[str, tuple[Sequence[str], Callable[[Any], Iterator[Cells]]]] = {
    "rates": (["row", "what", "per second", "lowest", "highest", "relative"], _rates),
    "rules": (
        ["row", "keyframes", "mIoU, %", "keyframes, %", "longest interval", "GFLOPs/frame",
         "relative GFLOPs", "s/frame"],
        _rules,
    ),
    "trips": (
        ["backbone", "network", "keyframe every", "s/frame", "frames/s", "relative", "lowest",
         "highest", "network, s", "decoder alone, s", "slower part"],
        _trips,
    ),
    "costs": (
        ["backbone", "network, frame", "s", "relative", "lowest", "highest", "GFLOPs"], _costs),
    "accelerations": (
        ["row", "network on", "mIoU, %", "difference", "95 %, low", "95 %, high",
         "mIoU of last frames", "calls", "lag, frames", "relative s", *SMALL],
        _accelerations,
    ),
    "motions": (
        ["row", "source: motion", "d=1", "d=4", "d=8", "d=11", "frames/s", "of decoding",
         "accelerated, mIoU"],
        _motions,
    ),
    "speeds": (
        ["row", "network", "s/frame, every frame", "s/frame, accelerated", "relative", "lowest",
         "highest", "relative, CPU"],
        _speeds,
    ),
    "stress": (
        ["scene", "network on", "mIoU, %", "difference", "95 %, low", "95 %, high", "lag, frames"],
        _stress,
    ),
    "sizes": (
        ["row", "network", "million parameters", "billion multiply-adds", 'published "GFLOPs"'],
        _sizes,
    ),
}  # fmt: skip


def pipeline() -> str:
    """From file to label maps, on three backbones: one row per keyframe interval."""
    files = ("pipeline-gpu-float32", "pipeline-gpu-bfloat16")
    cpu = {leg_of(leg): leg for name in ("pipeline-cpu-resnet18", "pipeline-cpu-resnet50-101")
           for leg in benchmark(f"benchmarks/{name}")["trips"]}  # fmt: skip
    gpu, half = (
        {leg_of(leg): leg for leg in benchmark(f"benchmarks/{name}")["trips"]} for name in files
    )
    rows = [
        [backbone, "every frame" if k == 1 else f"every {k} frames", *_speed(cpu[backbone, k]),
         *_speed(gpu[backbone, k]), *_speed(half[backbone, k])]
        for backbone in ("resnet18", "resnet50", "resnet101") for k in K
    ]  # fmt: skip
    head = ["backbone", "keyframes", "CPU, relative s", "CPU, frames/s", "H200, relative s",
            "H200, frames/s", "H200 bfloat16, relative s", "H200 bfloat16, frames/s"]  # fmt: skip
    return markdown(head, rows)


def leg_of(leg: dict[str, Any]) -> tuple[str, int]:
    return leg["backbone"], leg["interval"]


def _speed(leg: dict[str, Any]) -> Cells:
    seconds = statistics.median(trip["whole"] for trip in leg["trips"])
    return [f"{statistics.median(leg['relative']):.2f}", f"{1 / seconds:.3g}"]


SEARCHED = ("1920x1080", "2048x1024")


def search() -> str:
    """Frames/s of a video's motion, their ratio to decoding alone, processor time per frame."""
    records = [benchmark(f"benchmarks/search-{size}") for size in SEARCHED]
    head = ["row", "motion"]
    for size in SEARCHED:
        head += [f"{size}: frames/s", "of decoding", "processor, ms"]
    rows = []
    for number, name in enumerate(records[0]["rates"], 1):
        cells = [str(number), name]
        for record in records:
            names = name, "decoding alone"
            rate, decoding = (statistics.median(record["rates"][key]) for key in names)
            spent = record["facts"]["processor ms per frame"][name]
            cells += [f"{rate:.1f}", f"{rate / decoding:.2f}", f"{spent:.1f}"]
        rows.append(cells)
    return markdown(head, rows)

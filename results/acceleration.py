"""Tables of what acceleration is worth, for docs/accelerate.md and docs/tried.md."""

from collections.abc import Callable

from bindings import FOLDER, benchmark
from measurements import markdown

from bdnet.benchmarks.acceleration.pareto import EVERY, kind

ACCELERATED = {
    "ESPNet (CamVid)": "acceleration-espnet-camvid",
    "ESPNet (Cityscapes)": "acceleration-espnet-cityscapes",
    "MobileNetV2": "acceleration-mobilenetv2",
}

DETAILED = {
    "ESPNet (CamVid)": "acceleration-details-espnet-camvid",
    "MobileNetV2": "acceleration-details-mobilenetv2",
}


def acceleration() -> str:
    """Three networks on CamVid's video: mIoU, and the 95 % interval of the difference."""
    records = [benchmark(f"benchmarks/{file}")["accelerations"] for file in ACCELERATED.values()]
    head = ["calls", "network on"]
    for name in ACCELERATED:
        head += [f"{name}: mIoU", "difference", "95 %, low", "95 %, high"]
    rows = []
    for same in zip(*records, strict=True):
        cells = [f"{same[0]['calls']:.2f}", same[0]["name"]]
        for row in same:
            shares = (row["miou"], row["difference"], *row["interval_95"])
            cells += [f"{100 * share:.2f}" for share in shares]
        rows.append(cells)
    return markdown(head, rows)


def details() -> str:
    """Where the labels are right; and smaller networks on every frame, at about the same cost."""
    head = ["calls", "network on", "network", "mIoU", "boundary IoU",
            *(f"recall, {size}" for size in ("small", "medium", "large")),
            *(f"mIoU, {speed}" for speed in ("slowest", "slow", "fast", "fastest"))]  # fmt: skip
    rows = []
    for name, file in DETAILED.items():
        if not (FOLDER / f"benchmarks/{file}.json").is_file():
            continue  # not measured yet
        measured = benchmark(f"benchmarks/{file}")["accelerations"]
        for row in measured:
            shares = (row["miou"], row["boundary_iou"], *row["objects"].values(), *row["motion"])
            rows.append([f"{row['calls']:.2f}", row["name"], name,
                         *(f"{100 * share:.1f}" for share in shares)])  # fmt: skip
    return markdown(head, rows)


def pareto() -> str:
    """A large network accelerated, beside smaller ones of its family that see every frame."""
    rows = benchmark("benchmarks/acceleration-pareto")["accelerations"]
    first, smaller = rows[0], [row for row in rows if kind(row).startswith("smaller")]
    best = max(smaller, key=lambda row: row["miou"])["name"]
    spread = ["95 %, low", "95 %, high"]
    head = ["processor time", "network", "operations", "mIoU", "difference to every frame", *spread,
            f"difference to {best.removeprefix(f'{EVERY}, ')}", *spread]  # fmt: skip
    cells = []
    for row in sorted(rows, key=lambda row: -row["seconds"]):
        if kind(row).startswith("labels"):
            continue
        name = row["name"] if row not in smaller else f"{row['name']} (a smaller network)"
        shares = (row["miou"], row["difference"], *row["interval_95"], *row["against"][best])
        time, operations = (f"{row[cost] / first[cost]:.2f}" for cost in ("seconds", "gflops"))
        cells.append([time, name, operations, *(f"{100 * share:.2f}" for share in shares)])
    return markdown(head, cells)


CHOICES = {
    "a1": "no memory, linear warp at every frame",
    "a5": "memory 0.5",
    "a35": "memory 0.65",
    "a35c": "memory 0.65, change relative to local contrast",
    "a35log": "memory 0.65, mixed as logarithms",
    "a35cubic": "memory 0.65, cubic warps",
    "a35acc": "memory 0.65, one warp along accumulated motion",
    "a35acccub": "the same, cubic",
    "a1acc": "no memory, one warp along accumulated motion",
    "held": "labels held",
    "unwarped": "memory 0.65, not warped",
}


def choices() -> str:
    """mIoU of two networks on CamVid's video by choice and interval."""
    networks = benchmark("benchmarks/acceleration-choices")["choices"]
    head = ["row", "choice"]
    head += [f"{name}, every {k}" for name in ("CamVid's", "Cityscapes'") for k in (3, 5, 12)]
    return _numbered(head, CHOICES, lambda key: [
        f"{100 * ways[f'k={k} {key}']['miou']:.2f}" for ways in networks.values()
        for k in (3, 5, 12)
    ])  # fmt: skip


CONSTANTS = {
    "memory 0": "no memory",
    **{f"memory {weight}": f"memory {weight}" for weight in (0.35, 0.5, 0.65, 0.75, 0.85)},
    "memory 0.65, r0 4": "memory 0.65 that fades with 4 grey levels of change instead of 8",
    "memory 0.65, r0 16": "with 16",
    "memory 0.65, r0 32": "with 32",
    "log 0.65": "memory 0.65, mixed as logarithms",
    "contrast 0.65": "memory 0.65, change relative to local contrast",
    "entropy 0.65": "memory 0.65, mixed by certainty (entropy)",
    "precision 0.65": "a precision filter that keeps 0.65",
    "precision 0.85": "a precision filter that keeps 0.85",
    "forward-backward 0.65": "memory 0.65, none where searched motion there and back disagree",
    "temperature 0.5, memory 0.65": "memory 0.65, temperature 0.5",
    "temperature 2, memory 0.65": "memory 0.65, temperature 2",
}


def constants() -> str:
    """What each choice adds to no memory, on each half of CamVid's video."""
    networks = benchmark("benchmarks/acceleration-halves")["halves"]
    head = ["row", "choice"]
    head += [
        f"{name}, every {k}, {half} half"
        for name, intervals in networks.items() for k in intervals for half in ("first", "second")
    ]  # fmt: skip
    return _numbered(head, CONSTANTS, lambda key: [
        f"{value:+.2f}" for intervals in networks.values() for choices in intervals.values()
        for value in choices[key]
    ])  # fmt: skip


def _numbered(head: list[str], names: dict[str, str], cells: Callable[[str], list[str]]) -> str:
    """A table with a numbered row for each key, in words, with its cells."""
    rows = [
        [str(number), words, *cells(key)] for number, (key, words) in enumerate(names.items(), 1)
    ]
    return markdown(head, rows)


def tables() -> dict[str, str]:
    """By the names of their markers."""
    return {
        "acceleration": acceleration(),
        "acceleration details": details(),
        "acceleration pareto": pareto(),
        "acceleration choices": choices(),
        "acceleration constants": constants(),
    }

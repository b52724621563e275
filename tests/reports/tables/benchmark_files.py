"""Files of known seconds, as `python -m bdnet.benchmark target=model` writes them."""

from collections.abc import Mapping
from pathlib import Path

from bdnet.reports.cost import Comparison, Cost, Costs, Frames
from run_folders import write_json

Seconds = Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]]  # of key and other frame


def write_benchmark(path: Path, seconds: Mapping[str, Seconds], **more: object) -> Path:
    """By backbone and contender, one value for every round."""
    comparisons = [
        Comparison(
            backbone,
            {
                name: Frames(*(Cost(values, 10.0) for values in parts))
                for name, parts in networks.items()
            },
            Cost((0.01,) * len(networks["single_frame"][0]), 0.0),
        )
        for backbone, networks in seconds.items()
    ]
    facts = {"size": "1024x512", "classes": 19, "precision": "float32", "threads": 2}
    machine = {"processor": "abacus", "cores": 2, "torch": "2.15.0"}
    record = Costs(comparisons, [5], {}, {}).record()
    return write_json(path, {"machine": machine, "facts": facts, **record, **more})

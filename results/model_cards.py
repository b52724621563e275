"""`make networks`: trains, tests and packs the networks of src/bdnet/networks, with their cards.

Trained runs stay in runs/, so that an interrupted command goes on. `python results/model_cards.py
cards` only writes the cards again, docs/models/NAME.md, from the index.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import torch
import yaml
from omegaconf import OmegaConf
from safetensors.torch import save

from bdnet.inference.network import Network, load
from bdnet.models.base import Step
from bdnet.models.for_inference import for_inference
from bdnet.reports.cost import gflops
from bdnet.runs.boxed import FOLDER, WEIGHTS, cards
from bdnet.runs.run import Run
from bdnet.types import cells

ROOT = Path(__file__).resolve().parent.parent
WORLDS = range(2)  # of the test; that of training is 0, whose test streets are others
DRIVES = 12  # of the test in each
KEPT = ("name", "seed", "interval", "memory_format", "model", "data", "trainer")  # of config.yaml
FACTS = ("name", "seed", "digest", "experiment", "choices", "backbone", "classes", "interval",
         "command", "commit", "versions")  # fmt: skip
ABOUT = {
    "streets": {
        "task": "semantic segmentation of streets, every frame of a video",
        "data": "rendered streets of 256x512 (data=streets), 200 drives of 12 frames, all labelled",
        "recipe": "python -m bdnet.train experiment=boxed/streets",
        "made by": "make networks",
        "licence": "MIT, as the code; no picture of the real world was used",
        "limits": "Not for real roads: it has seen nothing but drawn streets, straight ones with "
        "flat people. It shows what the package does, and tests it.",
    }
}


def main(arguments: list[str]) -> None:
    os.chdir(ROOT)
    if arguments != ["cards"]:
        index = {name: packed(name, about) for name, about in ABOUT.items()}
        text = yaml.safe_dump(index, sort_keys=False, default_flow_style=None, width=100)
        (FOLDER / "index.yaml").write_text(text)
    for name, card in cards().items():
        path = ROOT / f"docs/models/{name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(page(name, card))
        print(path.relative_to(ROOT))


def packed(name: str, about: dict[str, str]) -> dict[str, Any]:
    """Trains and tests a network, and copies it into the package; its card."""
    command("train", f"experiment=boxed/{name}")
    folder = next(Path("runs").glob(f"*/boxed/*/{name}/seed=0"))
    run, network = Run(folder), load(folder)
    size = {key: run.config().data.dataset.parameters[key] for key in ("height", "width")}
    scores = [tested(folder, world) for world in WORLDS]
    weights = {key: value.contiguous() for key, value in network.model.state_dict().items()}
    content, target = save(weights), FOLDER / name
    target.mkdir(parents=True, exist_ok=True)
    (target / WEIGHTS).write_bytes(content)
    OmegaConf.save({key: run.config()[key] for key in KEPT}, target / "config.yaml")
    facts = {key: run.fact(key) for key in FACTS}
    (target / "run.json").write_text(json.dumps(facts, indent=2) + "\n")
    return {
        **about,
        "commit": facts["commit"],
        "classes": list(network.classes.names),
        "parameters": sum(weight.numel() for weight in network.model.parameters()),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": [size["height"], size["width"]],
        "gflops": operations(network, **size),
        "test": f"{len(WORLDS)} worlds of {DRIVES} drives",
        "miou": [round(100 * fmean(values), 2) for values in zip(*scores, strict=True)],
        "deviation": [round(100 * stdev(values), 2) for values in zip(*scores, strict=True)],
    }


def tested(folder: Path, world: int) -> list[float]:
    """mIoU by frames from the keyframe, on the test drives of a world."""
    output = folder / f"evaluations/world={world}"
    if not list(output.glob("*.json")):
        drives = f"data.dataset.clips.test={DRIVES}"
        command(
            "evaluate", f"run={folder}", f"data.dataset.world={world}", drives, f"output={output}"
        )
    (path,) = output.glob("*.json")
    scores: list[float] = json.loads(path.read_text())["scores"]["miou"]
    return scores


def operations(network: Network, height: int, width: int) -> dict[str, float]:
    """Billions of operations of a keyframe, and of a frame between keyframes."""
    model, grid = for_inference(network.model), (cells(height), cells(width))
    key = Step(torch.zeros(1, 3, height, width), is_key=True)
    other = Step(None, torch.zeros(1, 2, *grid), torch.ones(1, *grid, dtype=torch.bool), False)
    state, _ = model.step(model.start(), key)
    return {
        "keyframe": round(gflops(lambda: model.step(model.start(), key)), 3),
        "other frame": round(gflops(lambda: model.step(state, other)), 3),
    }


def command(verb: str, *arguments: str) -> None:
    print(f"bdnet {verb} {' '.join(arguments)}", flush=True)
    subprocess.run([sys.executable, "-m", f"bdnet.{verb}", *arguments], check=True)


def page(name: str, card: dict[str, Any]) -> str:
    """A network's card in Markdown."""
    height, width = card["size"]
    rows = {
        "task": card["task"],
        "classes": ", ".join(card["classes"]),
        "data": card["data"],
        "trained by": f"`{card['recipe']}` (commit {card['commit']})",
        "packed by": f"`{card['made by']}`",
        "parameters": f"{card['parameters']:,}",
        "file": f"{card['bytes']:,} bytes, SHA-256 `{card['sha256']}`",
        f"operations, a keyframe of {height}x{width}": f"{card['gflops']['keyframe']} GFLOPs",
        "operations, another frame": f"{card['gflops']['other frame']} GFLOPs",
        "licence": card["licence"],
    }
    distances = zip(card["miou"], card["deviation"], strict=True)
    return "\n".join(
        [
            "<!-- written by `python results/model_cards.py cards` -->",
            f"# `{name}`",
            "",
            f"**{card['limits']}**",
            "",
            "```python",
            "import bdnet",
            "",
            f'network = bdnet.load("{name}")',
            'for frame in network.segment("drive.mp4"):',
            "    frame.index, frame.is_key, frame.labels  # uint8 [H, W] class numbers",
            "```",
            "",
            "| | |",
            "|---|---|",
            *(f"| {key} | {value} |" for key, value in rows.items()),
            "",
            "mIoU in % by frames since the keyframe; ± is the standard deviation over",
            f"{card['test']} that it has not seen:",
            "",
            "| frames since the keyframe | mIoU | ± |",
            "|---:|---:|---:|",
            *(f"| {d} | {miou:.2f} | {spread:.2f} |" for d, (miou, spread) in enumerate(distances)),
            "",
        ]
    )


if __name__ == "__main__":
    main(sys.argv[1:])

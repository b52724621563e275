"""Videos through ONNX graphs: the same labels, and no torch."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import bdnet
from bdnet.errors import BdnetError
from bdnet.inference.exported import Exported, GraphStream, Tensors, fill_cells, reads_all
from bdnet.inference.network import load
from bdnet.inference.streaming import segment
from bdnet.types import Frame
from tiny_training import HEIGHT, WIDTH
from videos import NO_VECTORS, Pan, Rotated


@pytest.fixture(scope="module")
def video(make_video) -> Path:
    return make_video(scene=Pan((1.5, -1.0)), size=(HEIGHT, WIDTH), frames=13)


def test_labels_are_those_of_pytorch(exported: Path, video: Path):
    trained = load(exported / "run")
    graphs = Exported(exported / "out", threads=1)
    assert graphs.interval == trained.interval
    wanted = list(segment(video, trained.model, 4))
    labelled = list(graphs.segment(video))
    assert len(labelled) == len(wanted) == 13
    for (frame, labels), expected in zip(labelled, wanted, strict=True):
        assert frame.index == expected.frame.index
        assert labels.dtype == np.uint8
        assert labels.shape == (HEIGHT, WIDTH)
        assert (labels == expected.labels).mean() >= 0.999
        assert (frame.image is None) == (not expected.is_key)  # nothing else was decoded


@pytest.mark.parametrize("kind", [{}, NO_VECTORS["hevc"]], ids=["h264", "hevc"])
def test_a_turned_video_comes_upright(exported: Path, make_video, kind):
    lying = Rotated(Pan((1.5, -1.0)), 1)
    video = make_video(scene=lying, size=(WIDTH, HEIGHT), frames=6, rotation=90, **kind)
    trained = load(exported / "run")
    wanted = segment(video, trained.model, 4)
    for (_, labels), frame in zip(Exported(exported / "out").segment(video), wanted, strict=True):
        assert labels.shape == (HEIGHT, WIDTH)
        assert (labels == frame.labels).mean() >= 0.999


def test_torch_is_not_needed(exported: Path, video: Path):
    program = f"""
import sys
sys.modules["torch"] = None  # as if it were not installed
from bdnet.inference.exported import Exported
frames = [labels for _, labels in Exported({str(exported / "out")!r}, 1).segment({str(video)!r})]
assert not [name for name in sys.modules if name.startswith("torch.")]
print(len(frames), frames[-1].shape)
"""
    source = str(Path(bdnet.__file__).parent.parent)
    answer = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": source},
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split("\n")[0] == f"13 ({HEIGHT}, {WIDTH})"


def test_a_video_of_another_size_is_refused(exported: Path, make_video):
    with pytest.raises(BdnetError, match=r"144x176 .* 64x96; .* size=\[144,176\] or dynamic=true"):
        next(Exported(exported / "out", threads=1).segment(make_video()))
    with pytest.raises(BdnetError, match="interval=0"):
        next(Exported(exported / "out", threads=1).segment(make_video(), interval=0))


def test_a_folder_without_onnx_is_refused(exported: Path, tmp_path: Path):
    for name in ("graphs.json", "classes.yaml"):
        shutil.copy(exported / "out" / name, tmp_path)
    content = json.loads((tmp_path / "graphs.json").read_text())
    (tmp_path / "graphs.json").write_text(json.dumps(content | {"formats": ["torch"]}))
    with pytest.raises(BdnetError, match=r"formats=\[onnx\]"):
        Exported(tmp_path)


def test_graphs_hand_each_other_what_they_remember():
    seen: list[tuple[str, dict[str, list[int]]]] = []

    def run(graph: str, inputs: Tensors) -> Tensors:
        seen.append((graph, {name: array.flat[:1].tolist() for name, array in inputs.items()}))
        after = inputs["state_1"] + 1 if graph == "other" else np.zeros(1, int)
        return {"state_0": np.full(1, 7), "state_1": after, "next_state_1": after}

    kept = ("state_0", "state_1")
    inputs = [{"name": name} for name in ("motion", *kept)]
    description = {
        "size": None,
        "graphs": {
            "key": {
                "inputs": [{"name": "image"}],
                "state": {"state_0": "state_0", "state_1": "state_1"},
            },
            "other": {"inputs": inputs, "state": {"state_1": "next_state_1"}},
        },
    }
    assert not reads_all(description)
    assert reads_all({"graphs": {"key": {}}})
    stream = GraphStream(description, run)
    image, motion = np.full((5, 9, 3), 3, np.uint8), np.full((2, 1, 2), 2, np.float32)
    for index, is_key in enumerate((True, False, False)):
        moved = (None, None) if is_key else (motion, motion[0] > 0)
        stream.step(Frame(index, 0.0, is_key, image if is_key else None, *moved), is_key)
    assert [graph for graph, _ in seen] == ["key", "other", "other"]
    assert [inputs.get("state_1") for _, inputs in seen] == [None, [0], [1]]
    assert [inputs.get("state_0") for _, inputs in seen] == [None, [7], [7]]


def test_pictures_are_filled_up_to_whole_cells():
    image = np.arange(5 * 9 * 3, dtype=np.uint8).reshape(5, 9, 3)
    filled = fill_cells(image)
    assert filled.shape == (8, 16, 3)
    assert np.array_equal(filled[:5, :9], image)
    assert (filled[5:, :9] == image[-1]).all()
    assert (filled[:, 9:] == filled[:, 8:9]).all()
    assert fill_cells(filled) is filled

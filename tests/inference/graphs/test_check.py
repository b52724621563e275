"""Graphs beside the network: what is measured when they differ, and when not."""

import numpy as np
import pytest

from bdnet.inference.exported import GraphStream, Tensors
from bdnet.inference.graphs.check import compare, read, table
from bdnet.inference.labeller import Labeller
from networks import build
from videos import Pan

GRAPHS = {
    "key": {"inputs": [{"name": "image"}], "state": {}},
    "other": {"inputs": [{"name": "motion"}, {"name": "valid"}], "state": {}},
}


class Twin:
    """The network itself in place of its graphs, off by `error` on frames between keyframes."""

    def __init__(self, model, frames, error: float) -> None:
        self.labeller, self.frames, self.error = Labeller(model), iter(frames), error

    def run(self, graph: str, _: Tensors) -> Tensors:
        outputs = self.labeller.predict(*next(self.frames), 64, 96)
        logits, labels = (output.numpy().copy() for output in outputs)
        if graph == "other":
            logits[0, 0, 0, 0] += self.error
            labels[0, 0, :6] += self.error > 0
        return {"logits": logits, "labels": labels}


@pytest.mark.parametrize("error", [0.0, 0.25, float("nan")])
def test_differences_are_found_graph_by_graph(make_video, error):
    video = make_video(scene=Pan((1.5, -1.0)), size=(64, 96), frames=15)
    model = build("+model=bdnet", "model/boundary=compared")
    frames = list(read(video, 3, 7))
    assert [is_key for _, is_key in frames] == [True, False, False] * 2 + [True]
    twin = Twin(model, frames, error)
    stream = GraphStream({"graphs": GRAPHS, "size": [64, 96]}, twin.run)
    key, other = compare(model, frames, {"onnx": stream})
    assert key == ("onnx", "key", 3, 0, 1)
    assert (other.graph, other.frames) == ("other", 4)
    np.testing.assert_allclose(other.difference, error, rtol=1e-5)
    assert other.labels == pytest.approx(1 - 6 / (64 * 96) * (error > 0))
    assert table([key]).splitlines()[1].split() == ["onnx", "key", "3", "0.00e+00", "100.0000", "%"]


def test_frames_without_motion_are_keyframes(make_video):
    video = make_video(size=(64, 96), frames=15)  # the codec's own are 0 and 12
    assert [frame.index for frame, is_key in read(video, 10, 14) if is_key] == [0, 10, 12]

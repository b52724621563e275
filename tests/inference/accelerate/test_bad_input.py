"""What cannot work is said in one sentence, on the first frame or before."""

import os
from pathlib import Path

import albumentations
import numpy as np
import pytest
import torch
from segmenters import CLASSES, Plain, mask2former, onnx_file, prepared, program
from torch import nn
from torchvision.transforms import v2 as transforms

from bdnet.errors import BdnetError
from bdnet.inference.accelerate import accelerate
from bdnet.inference.accelerate.adapters.modules import Module
from bdnet.inference.accelerate.adapters.preprocessing import preprocess_of
from bdnet.inference.accelerate.adapters.runs import OwnRun
from bdnet.inference.network import load
from command import command
from videos import Pan

SIZE = (80, 112)


@pytest.fixture(scope="module")
def video(make_video) -> Path:
    return make_video(scene=Pan((1.7, -0.8)), size=SIZE, frames=14)


class Answering(nn.Module):
    """A network that answers with what a function makes of the pictures."""

    def __init__(self, answer) -> None:
        super().__init__()
        self.answer, self.calls = answer, 0

    def forward(self, pictures):
        self.calls += 1
        return self.answer(pictures)


def picky(pictures):
    raise RuntimeError("sizes of tensors must match")


def first(video, model, **options):
    return next(accelerate(model, **options).video(video))


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        (picky, r"80x112.*sizes of tensors must match"),
        (lambda pictures: pictures.mean((1, 2, 3)), r"\[1\]"),
        (lambda pictures: pictures * torch.nan, "NaN"),
        (lambda pictures: {"masks": pictures}, "masks"),
        (lambda _: "road", "str"),
        (lambda pictures: (pictures * 9).int(), "int32"),
    ],
)
def test_an_answer_that_holds_no_scores(video, answer, match: str) -> None:
    model = Answering(answer)
    with pytest.raises(BdnetError, match=match):
        first(video, model)
    assert model.calls == 1


def test_a_number_of_classes_that_changes(video) -> None:
    model = Answering(lambda pictures: pictures[:, : 2 + (model.calls > 1)])
    with pytest.raises(BdnetError, match=r"3 classes on frame 5 and 2"):
        list(accelerate(model, 5).video(video))


def test_an_output_chosen_by_hand(video) -> None:
    model = Answering(lambda pictures: {"low": pictures, "high": -pictures})
    for output in ("high", lambda answer: answer["high"]):
        frame = first(video, model, output=output)
        expected = (-prepared(frame.frame.image))[0].argmax(0)
        assert np.array_equal(frame.labels, expected)
    with pytest.raises(BdnetError, match=r"middle.*low, high"):
        first(video, model, output="middle")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"memory": 1.0}, "memory=1.0"), ({"memory": -0.1}, "memory=-0.1"),
        ({"stride": 0}, "stride=0"),
        ({"interval": 0}, "interval=0"), ({"batch": 0}, "batch=0"), ({"threads": 0}, "threads=0"),
        ({"kernel": "lanczos"}, "kernel=lanczos"), ({"quality": "good"}, "quality=good"),
        ({"precision": "int3"}, "precision=int3"), ({"device": "abacus"}, "device=abacus"),
        ({"keyframe": 5}, "keyframe=5"), ({"output": 0.5}, "output=0.5"),
        ({"split": nn.Identity()}, "split="), ({"preprocess": 5}, "preprocess=5"),
        ({"preprocess": {"mean": (0, 0)}}, "mean"), ({"preprocess": {"crop": 5}}, "crop"),
        ({"preprocess": {"std": (1, 0, 1)}}, "std"),
    ],
)  # fmt: skip
def test_a_setting_that_means_nothing(options, match: str) -> None:
    with pytest.raises(BdnetError, match=match):
        accelerate(Plain(), **options)


@pytest.mark.parametrize(
    ("model", "match"),
    [
        (None, "network=None"), ("resnet", "resnet"), ("torchvision:resnet18", "resnet18"),
        ("onnx:absent.onnx", "absent.onnx"), ("absent.pt2", "absent.pt2"),
        ("run:absent", "absent"),
    ],
)  # fmt: skip
def test_a_network_that_is_not_there(model, match: str) -> None:
    with pytest.raises(BdnetError, match=match):
        accelerate(model)


@pytest.mark.parametrize(
    "name", ["torchvision:lraspp_mobilenet_v3_large", "hf:nobody/nothing", "smp:nobody/nothing"]
)
def test_without_a_network_a_name_is_one_clear_sentence(name: str, monkeypatch, tmp_path) -> None:
    import socket
    import time

    def refuse(*_, **__):
        raise OSError("Network is unreachable")

    monkeypatch.setattr(time, "sleep", lambda _: None)  # between tries
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    with pytest.raises(BdnetError, match=name) as caught:
        accelerate(name)
    assert "\n" not in str(caught.value)


def test_a_program_that_may_run_code_needs_trust(video) -> None:
    path = program().model
    with pytest.raises(BdnetError, match="trust=true"):
        accelerate(path)
    path.with_suffix(".broken.pt2").write_bytes(b"nothing")
    with pytest.raises(BdnetError, match=r"broken.pt2"):
        accelerate(path.with_suffix(".broken.pt2"), trust=True)


def test_a_graph_of_one_size_gets_it_or_says_so(make_video) -> None:
    path = onnx_file().model
    film = make_video(size=(64, 96), frames=2)
    assert first(film, path).labels.shape == (64, 96)
    with pytest.raises(BdnetError, match="80x112"):
        first(film, path, preprocess={"size": (40, 40)})
    path.with_name("broken.onnx").write_bytes(b"nothing")
    with pytest.raises(BdnetError, match=r"broken.onnx"):
        accelerate(path.with_name("broken.onnx"))


def test_a_preprocess_that_cuts_or_pads_is_refused(video) -> None:
    floats = transforms.ToDtype(torch.float32, scale=True)
    cropped = transforms.Compose([transforms.CenterCrop(64), floats])
    padded = albumentations.PadIfNeeded(200, 200, border_mode=0)
    for preprocess in (cropped, albumentations.Compose([padded]), lambda image: image[10:]):
        with pytest.raises(BdnetError, match="crops or pads"):
            first(video, Plain(), preprocess=preprocess)
    with pytest.raises(BdnetError, match=r"preprocess=.*failed.*no picture"):
        first(video, Plain(), preprocess=unwilling)
    with pytest.raises(BdnetError, match=r"gave \[2, 2\]"):
        first(video, Plain(), preprocess=lambda image: image[:2, :2, 0])


def unwilling(image: np.ndarray) -> np.ndarray:
    raise ValueError("no picture")


def test_preprocessing_of_every_kind_gives_the_same_picture() -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (*SIZE, 3), np.uint8)
    numbers = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
    from torchvision.models.segmentation import LRASPP_MobileNet_V3_Large_Weights as Weights
    from transformers import SegformerImageProcessor

    kinds = [
        numbers,
        Weights.DEFAULT.transforms(resize_size=SIZE[0]),
        SegformerImageProcessor(do_resize=False),
        albumentations.Compose([albumentations.Normalize()]),
        lambda image: prepared(image)[0],
    ]
    for kind in kinds:
        batch = preprocess_of(kind)([image, image], torch.device("cpu"))
        assert batch.extent == SIZE
        assert torch.allclose(batch.pictures, prepared(image).expand(2, -1, -1, -1), atol=1e-5)


def test_a_run_of_our_own(video, trained: Path) -> None:
    """By name and as what `load` gives, with its classes, labelled as the run labels its frames."""
    network = load(trained)
    fast = accelerate(f"run:{trained}", 1, memory=0)
    assert isinstance(fast.network, OwnRun)
    assert fast.classes == network.classes
    labels = [frame.labels for frame in fast.video(video)]
    for expected, classes in zip(network.segment(video, 1), labels, strict=True):
        assert np.array_equal(expected.labels, classes)
    again = [frame.labels for frame in accelerate(network, 1, memory=0).video(video)]
    assert all(np.array_equal(old, new) for old, new in zip(labels, again, strict=True))


def test_half_the_bits_say_nearly_the_same(video) -> None:
    torch.manual_seed(0)
    segmenter = mask2former()
    for model, options in ((Plain(CLASSES), {}), (segmenter.model, segmenter.options)):
        for frame, half in zip(
            accelerate(model, **options).video(video),
            accelerate(model, precision="bfloat16", **options).video(video),
            strict=True,
        ):
            assert 0.9 < (frame.labels == half.labels).mean() <= 1


def test_a_network_that_cannot_move_stays_where_it_is(video, monkeypatch) -> None:
    """device=auto, as of `predict`, on a machine with a GPU."""
    moved = []
    monkeypatch.setattr(Module, "to", lambda _, device: moved.append(device))
    monkeypatch.setattr(
        "bdnet.inference.accelerate.accelerated.device_of", lambda _: torch.device("cuda")
    )
    fast = accelerate(lambda image: np.zeros((CLASSES, *image.shape[:2])), device="auto")
    assert next(fast.video(video)).labels.shape == SIZE
    accelerate(Plain(CLASSES), device="auto")
    assert moved == [torch.device("cuda")]
    with pytest.raises(BdnetError, match="device=cuda"):
        accelerate(lambda image: image, device="cuda")


def test_a_program_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.pt2").write_bytes(b"x")
    (tmp_path / "clip.mp4").touch()
    answer = command("compare", "network=x.pt2", "video=clip.mp4", "trust=true", folder=tmp_path)
    assert answer.returncode == 1
    assert "x.pt2" in answer.stderr
    assert "Traceback" not in answer.stderr


def write_graph(path: Path, location: str, domain: str = "") -> None:
    """An ONNX graph of one convolution, or of somebody's operation, with its weights elsewhere."""
    from onnx import TensorProto, helper

    weights = TensorProto(name="w", data_type=1, dims=[2, 3, 1, 1], data_location=1)
    entry = weights.external_data.add()
    entry.key, entry.value = "location", location
    node = helper.make_node("Own" if domain else "Conv", ["x", "w"], ["y"], domain=domain)
    shapes = {"x": ["n", 3, "h", "w"], "y": ["n", 2, "h", "w"]}
    x, y = (helper.make_tensor_value_info(name, 1, shape) for name, shape in shapes.items())
    graph = helper.make_graph([node], "graph", [x], [y], [weights])
    versions = [helper.make_opsetid("", 18), helper.make_opsetid("own", 1)]
    model = helper.make_model(graph, opset_imports=versions, ir_version=9)
    path.write_bytes(model.SerializeToString())


def test_weights_of_an_onnx_graph_lie_beside_it_and_nowhere_else(tmp_path: Path) -> None:
    folder, weights = tmp_path / "folder", np.eye(2, 3, dtype=np.float32).tobytes()
    folder.mkdir()
    for path in (folder / "beside.bin", tmp_path / "above.bin"):
        path.write_bytes(weights)
    (folder / "link.bin").symlink_to(tmp_path / "above.bin")
    os.mkfifo(folder / "pipe.bin")
    write_graph(folder / "good.onnx", "beside.bin")
    pictures = [np.full((16, 16, 3), (9, 200, 9), np.uint8)] * 2
    shown = accelerate(folder / "good.onnx").video(pictures, motion="search")
    assert [frame.labels.min() for frame in shown] == [1, 1]
    elsewhere = ("absent.bin", "../above.bin", f"{tmp_path}/above.bin", "link.bin", "pipe.bin", ".")
    for location in elsewhere:
        write_graph(folder / "bad.onnx", location)
        with pytest.raises(BdnetError, match=r"bad\.onnx"):
            accelerate(folder / "bad.onnx")
    write_graph(folder / "bad.onnx", "beside.bin", domain="own")
    with pytest.raises(BdnetError, match="Own"):
        accelerate(folder / "bad.onnx")

"""Networks by name, with the weights, preprocessing and classes that their library keeps."""

from pathlib import Path

import numpy as np
import pytest
import torch
from segmenters import CLASSES, mask2former, segformer, smp_fpn

from bdnet.errors import BdnetError
from bdnet.inference.accelerate import accelerate
from bdnet.inference.accelerate.adapters.hugging_face import HuggingFace
from bdnet.inference.accelerate.adapters.modules import Smp, Torchvision
from videos import Pan


@pytest.fixture(scope="module")
def video(make_video) -> Path:
    return make_video(scene=Pan((1.7, -0.8)), size=(80, 112), frames=6)


@pytest.mark.parametrize("maker", [segformer, mask2former])
def test_hugging_face_by_a_folder(maker, video: Path, tmp_path: Path) -> None:
    segmenter = maker()
    segmenter.model.config.id2label = {number: f"kind {number}" for number in range(CLASSES)}
    segmenter.model.save_pretrained(tmp_path)
    segmenter.options["preprocess"].save_pretrained(tmp_path)
    fast = accelerate(f"hf:{tmp_path}", 1, memory=0)
    assert isinstance(fast.network, HuggingFace)
    assert fast.classes is not None
    assert fast.classes.names == tuple(f"kind {number}" for number in range(CLASSES))
    for frame in fast.video(video):
        with torch.no_grad():
            assert np.array_equal(frame.labels, segmenter.own(frame.frame.image))


def test_smp_by_a_folder(video: Path, tmp_path: Path) -> None:
    segmenter = smp_fpn()
    segmenter.model.save_pretrained(tmp_path)
    fast = accelerate(f"smp:{tmp_path}", 1, memory=0)
    assert isinstance(fast.network, Smp)
    for frame in fast.video(video):
        with torch.no_grad():
            assert np.array_equal(frame.labels, segmenter.own(frame.frame.image))


def test_torchvision_with_its_weights(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.models import segmentation

    name = "lraspp_mobilenet_v3_large"
    model = segmentation.lraspp_mobilenet_v3_large(weights=None, weights_backbone=None)
    weights = segmentation.LRASPP_MobileNet_V3_Large_Weights
    monkeypatch.setattr(weights, "get_state_dict", lambda *_, **__: model.state_dict())
    fast = accelerate(f"torchvision:{name}")
    assert isinstance(fast.network, Torchvision)
    assert fast.classes is not None
    assert "person" in fast.classes.names
    first = next(fast.video(video))
    assert first.labels.shape == (80, 112)
    # its preprocessing makes the shorter side 520
    batch = fast.network.preprocess([first.frame.image], torch.device("cpu"))
    assert batch.pictures.shape == (1, 3, 520, 728)


@pytest.mark.parametrize("library", ["hf", "smp"])
def test_offline_is_noticed_by_one_question(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    questions, downloads = [], []

    def offline(_: object, name: str, timeout: float) -> None:
        questions.append((name, timeout))
        raise ConnectionError("Name or service not known")

    def load(*_: object, local_files_only: bool = False, **__: object) -> None:
        downloads.append(not local_files_only)
        raise OSError("not on this disk")

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", offline)
    monkeypatch.setattr("transformers.AutoConfig.from_pretrained", load)
    monkeypatch.setattr("segmentation_models_pytorch.from_pretrained", load)
    with pytest.raises(BdnetError, match=f"{library}:some/network"):
        accelerate(f"{library}:some/network")
    assert questions == [("some/network", 5.0)]
    assert downloads == [False]


def test_what_is_on_disk_asks_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segformer().model.save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text("damaged")

    def asked(*_: object, **__: object) -> None:
        raise AssertionError("the hub was asked")

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", asked)
    with pytest.raises(BdnetError, match=tmp_path.name):
        accelerate(f"hf:{tmp_path}")

"""Weights from timm, from a file, from nowhere, and none."""

import logging
import socket

import pytest
import timm
import torch
from safetensors.torch import save_file

from bdnet.errors import BdnetError
from bdnet.models.backbone import Backbone
from bdnet.models.errors import BadModel


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """No network, and nothing cached."""

    def refuse(*arguments, **settings):
        raise OSError("no network in tests")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))


def trained(name: str):
    """A whole timm network with its classifier, as people save it."""
    torch.manual_seed(5)
    return timm.create_model(name, pretrained=False)


def test_offline_is_one_sentence(offline, caplog):
    caplog.set_level(logging.INFO)
    with pytest.raises(BdnetError, match=r"weights=timm: those of resnet18 .*weights=FILE.*none"):
        Backbone("resnet18", "timm")
    with pytest.raises(BadModel, match="no such network"):
        Backbone("resnet9999", "timm")


def test_a_network_without_published_weights():
    name = next(network for network in timm.list_models("resnet*") if network not in PRETRAINED)
    with pytest.raises(BadModel, match=f"timm has none for {name}"):
        Backbone(name, "timm")


PRETRAINED = {network.split(".")[0] for network in timm.list_models(pretrained=True)}


def test_unknown_names_get_near_ones():
    with pytest.raises(BadModel, match=r"backbone=resnet81: .*did you mean resnet\d+"):
        Backbone("resnet81")
    with pytest.raises(BadModel, match="names them"):
        Backbone("qqqqqqqqqqqqqqqq")


@pytest.mark.parametrize("name", ["test_resnet", "test_byobnet", "mobilenetv3_small_050"])
@pytest.mark.parametrize("form", ["plain", "wrapped", "safetensors"])
def test_a_local_file_fills_the_backbone(name: str, form: str, tmp_path):
    network = trained(name)
    path = tmp_path / ("weights.safetensors" if form == "safetensors" else "weights.pth")
    if form == "safetensors":
        save_file(network.state_dict(), path)
    elif form == "wrapped":
        wrapped = {f"module.{key}": tensor for key, tensor in network.state_dict().items()}
        torch.save({"epoch": 3, "state_dict": wrapped}, path)
    else:
        torch.save(network.state_dict(), path)
    filled = Backbone(name, str(path)).network.state_dict()
    theirs = {key.replace(".", "_"): tensor for key, tensor in network.state_dict().items()}
    assert filled
    for key, tensor in filled.items():
        assert torch.equal(tensor, theirs[key.replace(".", "_")]), key


def test_a_folder_is_searched_for_the_networks_own_file(tmp_path):
    weights = trained("test_resnet").state_dict()
    save_file(weights, tmp_path / "test_resnet.safetensors")
    filled = Backbone("test_resnet", str(tmp_path)).network.state_dict()
    assert torch.equal(filled["layer1.0.conv1.weight"], weights["layer1.0.conv1.weight"])
    with pytest.raises(BadModel, match="no weights of test_byobnet"):
        Backbone("test_byobnet", str(tmp_path))
    torch.save(weights, tmp_path / "test_resnet.pth")
    with pytest.raises(BadModel, match=r"test_resnet\.pth and test_resnet\.safetensors"):
        Backbone("test_resnet", str(tmp_path))


def test_another_networks_weights_are_refused(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save(trained("resnet34").state_dict(), path)  # holds resnet18, and more
    with pytest.raises(BadModel, match=r"not those of resnet18: .*unexpected and \d+ more"):
        Backbone("resnet18", str(path))
    torch.save(trained("resnet18").state_dict(), path)
    with pytest.raises(BadModel, match=r"not those of resnet34: .*missing"):
        Backbone("resnet34", str(path))
    weights = trained("resnet18").state_dict()
    weights["conv1.weight"] = weights["conv1.weight"][:, :1]
    torch.save(weights, path)
    with pytest.raises(BadModel, match=r"conv1_weight is \[64, 1, 7, 7\], not \[64, 3, 7, 7\]"):
        Backbone("resnet18", str(path))


def test_files_that_hold_no_weights_are_refused(tmp_path):
    with pytest.raises(BadModel, match="no such file"):
        Backbone("test_resnet", str(tmp_path / "absent.pth"))
    text = tmp_path / "text.pth"
    text.write_text("not a checkpoint")
    with pytest.raises(BadModel, match="not a file of weights"):
        Backbone("test_resnet", str(text))
    (tmp_path / "bad.safetensors").write_bytes(b"not a checkpoint")
    with pytest.raises(BadModel, match="not a file of weights"):
        Backbone("test_resnet", str(tmp_path / "bad.safetensors"))
    number = tmp_path / "number.pth"
    torch.save(3, number)
    with pytest.raises(BadModel, match="no tensors by name"):
        Backbone("test_resnet", str(number))


def test_code_in_a_file_is_not_run(tmp_path):
    path = tmp_path / "code.pth"
    torch.save(trained("test_resnet"), path)  # a pickled module
    with pytest.raises(BadModel, match="not a file of weights"):
        Backbone("test_resnet", str(path))

"""`python -m bdnet.export`: files, and the sentences where there are none."""

import json
from pathlib import Path

import pytest
from omegaconf import OmegaConf

import bdnet.inference.graphs.export
from bdnet.data.classes import Classes
from bdnet.errors import BdnetError
from bdnet.inference.graphs import files
from bdnet.inference.graphs.export import own_video
from bdnet.inference.network import Network
from bdnet.runs.run import Run
from export_clips import export
from networks import build
from tiny_training import BANDS


def test_a_run_becomes_checked_graphs(exported: Path):
    out = exported / "out"
    names = {"key.pt2", "other.pt2", "key.onnx", "other.onnx", "graphs.json", "classes.yaml"}
    assert {path.name for path in out.glob("[!.]*")} == names
    assert Classes.read(out / "classes.yaml").names == BANDS.names
    index = json.loads((out / "graphs.json").read_text())
    facts = Run(exported / "run").facts()
    assert index["run"] == {"name": "tiny", "digest": facts["digest"], "checkpoint": "last"}
    assert (index["interval"], index["size"], index["formats"]) == (4, [64, 96], ["torch", "onnx"])
    for check in index["checked"]:
        assert check["difference"] < 1e-4
        assert check["labels"] > 0.999
    compared = {(check["format"], check["graph"]): check["frames"] for check in index["checked"]}
    keys = {("torch", "key"): 2, ("torch", "other"): 6, ("onnx", "key"): 2, ("onnx", "other"): 6}
    assert compared == keys
    key, other = index["graphs"]["key"], index["graphs"]["other"]
    assert key["inputs"] == [{"name": "image", "dtype": "uint8", "shape": [1, 64, 96, 3]}]
    assert key["outputs"][:3] == [
        {"name": "labels", "dtype": "uint8", "shape": [1, 64, 96]},
        {"name": "logits", "dtype": "float32", "shape": [1, 3, 8, 12]},
        {"name": "state_0", "dtype": "float32", "shape": [1, 8, 12, 102]},
    ]
    kept = [f"state_{number}" for number in range(4)]
    assert [port["name"] for port in other["inputs"]] == ["motion", "valid", *kept]
    assert key["state"] == {name: name for name in kept}
    assert other["state"] == {"state_2": "next_state_2", "state_3": "next_state_3"}
    printed = (exported / "printed.txt").read_text()
    assert "test/videos/0.mp4" in printed  # the run's own
    assert printed.count("100.0000 %") >= 2


@pytest.fixture(scope="module")
def network() -> Network:
    """One that is traced quickly."""
    return Network(build("+model=single_frame", "model/boundary=none"), BANDS, 4, "tiny")


@pytest.fixture
def untrained(network, monkeypatch):
    """In place of what is learnt."""
    monkeypatch.setattr(bdnet.inference.graphs.export, "load", lambda *_: network)


def test_without_onnx_and_beyond_the_tolerance(
    untrained, trained: Path, tmp_path: Path, monkeypatch, capsys
):
    monkeypatch.setattr(files, "missing_packages", lambda: ["onnxscript"])
    given = f"run={trained}", f"output={tmp_path / 'out'}"
    with pytest.raises(BdnetError, match=r"key as torch: .*tolerance=-1"):
        export(*given, "tolerance=-1", "size=[48,80]", "frames=2")
    assert list(tmp_path.rglob("[!.]*.*")) == []
    captured = capsys.readouterr()
    assert "ONNX needs onnxscript: pip install 'bdnet[export]'; writing torch's" in captured.err
    assert "drive.mp4" in captured.out  # no video of that size
    export(*given, "frames=2")
    names = {path.name for path in (tmp_path / "out").glob("[!.]*")}
    assert names == {"key.pt2", "graphs.json", "classes.yaml"}
    with pytest.raises(
        BdnetError, match=r"pip install 'bdnet\[export\]', or use formats=\[torch\]"
    ):
        export(*given, "formats=[onnx]")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["formats=[]"], r"formats=\[\]: use \[torch\], \[onnx\] or"),
        (["formats=[jpeg]"], r"formats=\['jpeg'\]: use"),
        (["size=[512]"], r"size=\[512\]: height and width in pixels"),
        (["size=[0,96]"], r"size=\[0, 96\]: height and width"),
        (["size=512"], r"size=512: height and width"),
        (["size=[64,96]", "video=VIDEO"], r"size=\[64, 96\]: video=.* has \[144, 176\]; leave one"),
        (["video=absent.mp4"], r"absent\.mp4: no such file"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    untrained, trained: Path, make_video, tmp_path: Path, arguments, message
):
    arguments = [argument.replace("VIDEO", str(make_video())) for argument in arguments]
    with pytest.raises(BdnetError, match=message):
        export(f"run={trained}", f"output={tmp_path / 'out'}", *arguments)
    assert list(tmp_path.iterdir()) == []


def test_the_runs_own_video_is_taken_where_it_is(bands: Path, tmp_path: Path):
    data = {"dataset": {"_target_": "bdnet.data.datasets.folder.Folder", "root": str(bands)}}
    assert own_video(OmegaConf.create(data)) == bands / "test/videos/0.mp4"
    data["dataset"]["root"] = str(tmp_path / "gone")
    assert own_video(OmegaConf.create(data)) is None

"""What state a run's folder is in, and what is loaded from it."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf

from bdnet.errors import BdnetError
from bdnet.inference.network import load, untrained
from bdnet.inference.network import trained as trained_model
from bdnet.models import weights as backbone_weights
from bdnet.models.base import VideoModel
from bdnet.models.checkpoints import inherit
from bdnet.runs.run import Run
from tiny_training import checkpoint, run, settings
from trees import state

CONFIG = OmegaConf.create({"model": {"backbone": "a"}, "data": {"workers": 1}, "name": "x"})
FACTS = {"digest": "0123456789", "name": "x"}


def changed(**keys: object) -> object:
    return OmegaConf.merge(CONFIG, keys)


def test_a_folder_belongs_to_one_configuration(tmp_path: Path):
    run = Run(tmp_path / "new/seed=0")
    assert run.facts() == {}
    assert not run.is_finished
    run.begin(CONFIG, FACTS)
    assert run.facts() == FACTS
    assert run.config() == CONFIG
    before = state(tmp_path)
    run.begin(CONFIG, FACTS | {"command": "again"})
    assert state(tmp_path) == before
    (run.folder / "last.ckpt").touch()
    before = state(tmp_path)
    message = r"seed=0 holds .* \(model\.backbone a -> b\); give this one a name .* overwrite=true"
    with pytest.raises(BdnetError, match=message):
        run.begin(changed(model={"backbone": "b"}, data={"workers": 2}), FACTS | {"digest": "1"})
    with pytest.raises(BdnetError, match=r"configuration \(a run that it builds on\)"):
        run.begin(CONFIG, FACTS | {"digest": "1"})
    assert state(tmp_path) == before


def test_a_run_that_has_nothing_yet_gives_way_to_another_configuration(tmp_path: Path):
    run = Run(tmp_path)
    run.begin(CONFIG, FACTS)
    run.begin(changed(name="y"), FACTS | {"digest": "1"})
    assert (run.config().name, run.facts()["digest"]) == ("y", "1")


def test_clearing_forgets_the_run_and_nothing_else(tmp_path: Path):
    run = Run(tmp_path)
    run.begin(CONFIG, FACTS)
    run.finish({"scores": 1})
    assert run.is_finished
    for name in ("last.ckpt", "evaluations/wide.json", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    run.clear()
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["notes.txt"]
    run.begin(changed(name="y"), FACTS | {"digest": "1"})
    assert run.config().name == "y"


@pytest.mark.parametrize(("last", "left"), [(None, 5), (3, 5), (5, 5), (8, 8)])
def test_what_slurm_left_becomes_the_last_checkpoint_if_it_is_newer(
    last: int | None, left: int, tmp_path: Path
):
    run = Run(tmp_path)
    for name, step in (("last", last), ("hpc_ckpt_1", 4), ("hpc_ckpt_2", 5)):
        if step is not None:
            torch.save({"global_step": step}, tmp_path / f"{name}.ckpt")
    run.adopt_slurm_checkpoints()
    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]
    assert checkpoint(tmp_path)["global_step"] == left


def test_what_is_missing_is_said(tmp_path: Path):
    run = Run(tmp_path)
    with pytest.raises(
        BdnetError, match=r"run=.*holds no run \(no config\.yaml\); give the folder"
    ):
        run.config()
    with pytest.raises(BdnetError, match=r"checkpoint=last: .* none of that name; train it first"):
        run.checkpoint("last")
    (tmp_path / "best.ckpt").touch()
    with pytest.raises(BdnetError, match=r"checkpoint=last: .* none of that name; it has best"):
        run.checkpoint("last")
    run.begin(CONFIG, FACTS)
    with pytest.raises(BdnetError, match="no finished run; train it first"):
        run.identity()
    run.finish({})
    assert run.identity() == "0123456789"


def test_a_lock_is_held_by_one_at_a_time(tmp_path: Path):
    run = Run(tmp_path / "seed=0")
    with run.exclusive():
        with pytest.raises(BdnetError, match="seed=0: another process"):
            with Run(run.folder).exclusive():
                pytest.fail("two at once")
    with run.exclusive(wait=True):
        pass


def test_a_runs_network_is_ready_to_predict(trained: Path):
    model, classes, interval, name = load(trained)
    assert isinstance(model, VideoModel)
    assert not any(module.training for module in model.modules())
    assert (classes.names, classes.movable, interval) == (("road", "car", "person"), (1, 2), 4)
    assert classes.colours[1] == (0, 0, 142)
    assert name == "tiny"
    weights = checkpoint(trained)["state_dict"]
    assert all(torch.equal(e, weights[f"student.{k}"]) for k, e in model.state_dict().items())
    best = trained_model(str(trained), "best").state_dict()
    weights = checkpoint(trained, "best")["state_dict"]
    assert all(torch.equal(tensor, weights[f"student.{k}"]) for k, tensor in best.items())


def test_a_file_of_weights_that_is_gone_does_not_matter(trained: Path, tmp_path: Path):
    config = Run(trained).config()
    config.model.weights = str(tmp_path / "gone.safetensors")
    assert isinstance(untrained(config), VideoModel)


def test_a_strangers_folder_cannot_name_code_to_run(trained: Path, tmp_path: Path):
    folder = tmp_path / "strange"
    shutil.copytree(trained, folder)
    config = OmegaConf.load(folder / "config.yaml")
    config.model.head = {"_target_": "os.system", "command": f"touch {tmp_path / 'owned'}"}
    OmegaConf.save(config, folder / "config.yaml")
    with pytest.raises(
        BdnetError, match=r"head\._target_=os\.system: a run's folder may only name"
    ):
        load(folder)
    assert not (tmp_path / "owned").exists()


def test_a_torn_run_json_is_named(tmp_path: Path):
    (tmp_path / "run.json").write_text(json.dumps(FACTS)[:-5])
    with pytest.raises(BdnetError, match=r"run\.json: cannot be read as JSON"):
        Run(tmp_path).facts()


def _changed(folder: Path, key: str, value: Any) -> None:
    config = OmegaConf.load(folder / "config.yaml")
    OmegaConf.update(config, key, value, merge=False)
    OmegaConf.save(config, folder / "config.yaml")


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("model", None, "config.yaml: has no model"),
        ("model", [1], "config.yaml: has no model"),
        ("model", {"_target_": "torch.nn.ReLU", "classes": 3}, "ReLU|built"),
        ("model._recursive_", False, "_recursive_"),
        ("model._args_", [1], "_args_"),
        ("model._partial_", True, "BDNet"),
        ("model.zzz", 1, "zzz"),
        ("model.classes", 10**9, "1000000000 classes"),
        ("model.backbone", {"_target_": "bdnet.models.backbone.Backbone"}, "backbone"),
        ("model.head.dilations", list(range(1, 200_001)), "config.yaml: more than"),
        ("interval", "x", "interval=x"),
        ("interval", None, "interval=None"),
    ],
    ids=str,
)
def test_a_configuration_that_makes_no_network_is_a_sentence(
    trained: Path, tmp_path: Path, key: str, value: Any, named: str
):
    folder = Path(shutil.copytree(trained, tmp_path / "strange"))
    _changed(folder, key, value)
    with pytest.raises(BdnetError, match=named[:60]):
        load(folder)


def test_a_strangers_backbone_starts_no_download(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = Path(shutil.copytree(trained, tmp_path / "strange"))
    _changed(folder, "model.weights", "timm")
    monkeypatch.setattr(backbone_weights, "_pretrained", lambda *_: pytest.fail("a download"))
    load(folder)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (None, "classes"), ([], "a list"), ({}, "classes"), ({"classes": [1]}, "classes"),
        ({"classes": {"names": 3, "colours": 4}}, "classes"),
        ({"classes": {"names": ["a", "b", "c"], "colours": [[300, 0, 0]] * 3}}, "300"),
        ({"classes": {"names": ["a", "b"], "colours": [[1, 0, 0]] * 2}}, " names 2"),
        ({"classes": {"names": ["a", "b", "c"], "colours": [[1, 0, 0]] * 3}}, "name"),
    ],
)  # fmt: skip
def test_a_run_json_that_does_not_fit_is_a_sentence(
    trained: Path, tmp_path: Path, content: Any, named: str
):
    folder = Path(shutil.copytree(trained, tmp_path / "strange"))
    (folder / "run.json").unlink()
    if content is not None:
        (folder / "run.json").write_text(json.dumps(content))
    with pytest.raises(BdnetError, match=rf"(?s)run\.json.*{named}"):
        load(folder)


def test_weights_that_are_no_numbers_are_refused(trained: Path, tmp_path: Path):
    folder = Path(shutil.copytree(trained, tmp_path / "strange"))
    content = checkpoint(trained)
    name = next(name for name in content["state_dict"] if name.endswith("conv1.0.weight"))
    content["state_dict"][name][0, 0, 0, 0] = float("nan")
    torch.save(content, folder / "last.ckpt")
    with pytest.raises(BdnetError, match=rf"last\.ckpt: {name} is not finite"):
        load(folder)


class Owning:
    """Runs a command where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("use", [load, lambda folder: inherit(load(folder).model, [folder])])
def test_a_strangers_checkpoint_executes_nothing(use, trained: Path, tmp_path: Path):
    folder = Path(shutil.copytree(trained, tmp_path / "strange"))
    weights = checkpoint(trained)
    torch.save({**weights, "callbacks": Owning(tmp_path / "owned")}, folder / "last.ckpt")
    with pytest.raises(BdnetError, match=r"last\.ckpt: not a file of weights that torch\.load"):
        use(folder)
    assert not (tmp_path / "owned").exists()


def test_a_training_goes_on_from_no_strangers_checkpoint(bands: Path, tmp_path: Path):
    given = settings(bands, tmp_path)
    run(*given, "steps=1", "validate_every=1")
    path = tmp_path / "tiny/seed=0/last.ckpt"
    for name in ("metrics.json", "run.json"):
        (path.parent / name).unlink()
    torch.save({"state_dict": Owning(tmp_path / "owned")}, path)
    with pytest.raises(BdnetError, match=r"last\.ckpt: not a checkpoint .* overwrite=true"):
        run(*given)
    assert not (tmp_path / "owned").exists()


def test_a_key_in_the_environment_stays_there(
    bands: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("WANDB_API_KEY", "5ec2e75ec2e7")
    folder = run(*settings(bands, tmp_path), "steps=1", "validate_every=1", "logger=csv")
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"config.yaml", "run.json", "train.log", "last.ckpt"} <= {path.name for path in files}
    assert not any(b"5ec2e75ec2e7" in path.read_bytes() for path in files)

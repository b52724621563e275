"""Which settings make another run, and which do not."""

import re
from functools import cache
from pathlib import Path

import pytest
import yaml
from omegaconf import OmegaConf

from bdnet.cli.conf import conf_folder
from bdnet.errors import BdnetError
from bdnet.runs.identity import check_trust, differences, digest
from bdnet.runs.prerequisites import builds_on
from bdnet.runs.run import Run
from tiny_training import composed

BASE = ["data=streets", "recipe=demo", "experiment=table2/mv"]


@cache
def digest_of(*overrides: str, **builds_on: str) -> str:
    with composed(*BASE, *overrides) as (config, _):
        return digest(config, builds_on)


def test_a_digest_is_ten_digits_that_stay():
    assert digest_of() == digest_of.__wrapped__()
    assert len(digest_of()) == 10
    assert int(digest_of(), 16) > 0


@pytest.mark.parametrize(
    "override",
    [
        *("data.workers=7", "data.prefetch=9", "data.dataset.processes=3", "logger=wandb"),
        *("logger=[]", "name=other", "runs=elsewhere", "checkpoint_every=7", "overwrite=true"),
        *("callbacks.examples.clips=0", "trainer.enable_progress_bar=false"),
        *("recipe.teacher.steps=9", "trainer.log_every_n_steps=1"),
    ],
)
def test_what_numbers_do_not_depend_on_makes_no_other_run(override: str):
    assert digest_of(override) == digest_of()


@pytest.mark.parametrize(
    "override",
    [
        *("optimizer.lr=0.7", "seed=1", "backbone=resnet18", "interval=4", "steps=9"),
        *("loss.segmentation.weight=2", "data.batch_size=4", "data.labelled_frame=3"),
        *("data.dataset.world=1", "model/boundary=compared", "trainer.precision=bf16-mixed"),
        *("checkpoint=best", "recipe.finetune.steps=9"),
    ],
)
def test_what_numbers_depend_on_makes_another_run(override: str):
    assert digest_of(override) != digest_of()


def test_another_teacher_makes_other_students():
    assert len({digest_of(), digest_of(teacher="a"), digest_of(teacher="b")}) == 3
    assert digest_of(teacher="a") != digest_of(init_from="a")


def test_a_run_builds_on_what_gives_it_weights(tmp_path: Path):
    given = {"init_from": tmp_path / "base", "teacher": tmp_path / "teacher"}
    for name, folder in given.items():
        Run(folder).begin(OmegaConf.create({}), {"digest": f"of {name}"})
        Run(folder).finish({})
    teacher = ["teacher=run", f"teacher.model.run={given['teacher']}"]
    with composed("data=streets", *teacher, f"init_from={given['init_from']}") as (config, _):
        assert builds_on(config) == {"init_from": "of init_from", "teacher": "of teacher"}
    with composed("data=streets") as (config, _):
        assert builds_on(config) == {}


def test_differences_are_named_with_both_values():
    config = OmegaConf.create({"a": {"b": 1, "c": [1, 2]}, "name": "x", "data": {"workers": 1}})
    changed = OmegaConf.create({"a": {"b": 2, "c": [1, 3]}, "name": "y", "data": {"workers": 2}})
    assert differences(config, changed) == ["a.b 1 -> 2", "a.c.1 2 -> 3"]
    assert differences(config, config) == []
    more = OmegaConf.merge(config, {"d": None})
    assert differences(config, more) == ["d unset -> None"]


def test_many_differences_are_counted():
    config, changed = (OmegaConf.create({f"k{n}": n + more for n in range(8)}) for more in (0, 1))
    changes = differences(config, changed)
    assert changes[0] == "k0 0 -> 1"
    assert changes[5:] == ["and 3 more"]


@pytest.mark.parametrize(
    "target",
    [
        *("os.system", "builtins.eval", "builtins.exec", "subprocess.Popen", "pickle.loads"),
        # found below a trusted package, and not of it
        *("torch.os.system", "torch.nn.functional.torch.os.system", "bdnet.system.files.os.system"),
        *("bdnet.cli.application.hydra.utils.call", "bdnet.data.prepare.shutil.rmtree"),
        # functions
        *("torch.load", "torch.hub.load", "torch.utils.cpp_extension.load", "torch.nn.init.zeros_"),
        *("bdnet.models.weights.read", "bdnet.inference.network.load", "timm.create_model"),
        # classes that do something when they are made
        *(
            "bdnet.codec.VideoWriter",
            "bdnet.data.keyframe_index.ThreadPoolExecutor",
            "bdnet.runs.run.Run",
        ),
        *("torch.package.PackageImporter", "torch.fx.GraphModule", "torch.distributed.FileStore"),
        *("bdnet.training.examples.ExampleImages", "pytorch_lightning.Trainer"),
        # not even there
        *("", ".", "torch.nn.", "bdnet.data.none.None"),
    ],
)
@pytest.mark.parametrize("partial", [False, True])
def test_code_that_is_no_networks_class_is_refused(target: str, partial: bool):
    bad = {"_target_": target, "_partial_": partial, "_args_": ["touch owned"]}
    config = OmegaConf.create({"head": [{"_target_": "torch.nn.Conv2d", "inner": {"deep": bad}}]})
    named = rf"config\.head\.0\.inner\.deep\._target_={re.escape(target)}: a run's folder"
    with pytest.raises(BdnetError, match=named):
        check_trust(config)


def test_a_target_is_looked_at_after_interpolation():
    config = OmegaConf.create({"a": {"_target_": "${b}.system"}, "b": "os"})
    with pytest.raises(BdnetError, match=r"a\._target_=os\.system"):
        check_trust(config)


@pytest.mark.parametrize("text", ["${oc.env:HOME}", "x ${data.seed}", "${hydra:runtime.cwd}"])
def test_a_runs_configuration_looks_nothing_up(text: str, tmp_path: Path):
    config = {"model": {"heads": [{"name": text}]}, "data": {"seed": 0}}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(BdnetError, match=r"model\.heads\.0\.name is .*interpolations"):
        Run(tmp_path).config()


@pytest.mark.parametrize("text", ["a: [", "- a\n- b\n", "a: !!python/object/apply:os.system [ls]"])
def test_a_configuration_that_is_none_is_a_sentence(text: str, tmp_path: Path):
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(BdnetError, match=r"(?s)config\.yaml: .*copy it again"):
        Run(tmp_path).config()


def test_a_class_that_there_is_not_is_a_sentence():
    with pytest.raises(BdnetError, match=r"_target_=bdnet\.models\.absent\.Net: "):
        check_trust({"_target_": "bdnet.models.absent.Net"})


@pytest.mark.parametrize("data", ["streets", "camvid", "cityscapes", "folder", "stills"])
def test_networks_and_data_may_be_named(data: str):
    root = [] if data == "streets" else ["data.dataset.root=FOLDER"]
    with composed(f"data={data}", *root) as (config, _):
        check_trust(config.model)
        check_trust(config.data)


def test_all_networks_may_be_named():
    for path in conf_folder().glob("model/*.yaml"):
        with composed("data=streets", f"model={path.stem}") as (config, _):
            check_trust(config.model)

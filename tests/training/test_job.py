"""`python -m bdnet.train`: a run comes to its end, whatever happens on the way."""

import math
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf

from bdnet.data.datasets.folder import Folder
from bdnet.data.errors import BadData
from bdnet.data.normalisation import normalise
from bdnet.errors import BdnetError
from bdnet.inference.network import load
from bdnet.runs.run import Run
from bdnet.training.distiller import Distiller
from tiny_training import (
    DROPOUT_HEAD,
    NanLoss,
    checkpoint,
    composed,
    interrupt_at,
    labels,
    metrics,
    prepared,
    run,
    settings,
)
from trees import same, state

POISON = ["+loss.poison._target_=tiny_training.NanLoss", "+loss.poison._partial_=true"]


def test_a_finished_run_says_who_it_is_and_what_it_scored(trained: Path):
    result, facts = metrics(trained), Run(trained).facts()
    assert {path.name for path in trained.iterdir() if path.name[0] != "."} == {
        *("config.yaml", "run.json", "metrics.json", "train.log", "last.ckpt", "best.ckpt"),
    }
    assert (facts["name"], facts["seed"], facts["interval"]) == ("tiny", 0, 4)
    assert (facts["backbone"], facts["experiment"]) == ("test_resnet", None)
    assert facts["classes"]["names"] == ["road", "car", "person"]
    assert facts["choices"]["data"] == "folder"
    assert len(facts["digest"]) == 10
    assert {result[key] == facts[key] for key in ("digest", "name", "seed", "backbone")} == {True}
    assert (result["steps"], result["interval"], result["checkpoint"]) == (6, 4, "last")
    assert result["data"] == {"name": "folder", "split": "test", "targets": 4, "labelled": 16}
    assert all(seconds > 0 for seconds in result["seconds"].values())
    assert 0 < result["validation"]["avg_k"] <= 1
    scores = result["scores"]
    assert len(scores["miou"]) == len(scores["boundary_iou"]) == len(scores["iou"]["car"]) == 4
    assert list(scores["boundary_f"]) == ["3", "5", "9", "12"]
    consistency = {"consistency", "consistency_by_window"}
    assert set(scores["video"]) == {"miou", "tailing_error", "smear", "frames"} | consistency
    assert all(math.isfinite(value) for value in scores["miou"])
    config = OmegaConf.load(trained / "config.yaml")
    assert not OmegaConf.missing_keys(config)
    assert config.model.classes == 3


def test_a_checkpoint_is_whole_and_a_run_is_loaded_from_it(trained: Path, bands: Path):
    stored = checkpoint(trained)
    assert (stored["global_step"], stored["epoch"]) == (6, 1)
    with composed(*settings(bands, trained.parent.parent)) as (config, _):
        distiller, data = prepared(config)
    distiller.on_load_checkpoint(stored)
    distiller.load_state_dict(stored["state_dict"])  # strict
    model, classes, interval, name = load(trained)
    assert (classes.names, interval, name) == (data.dataset.classes.names, 4, "tiny")
    assert metrics(trained)["parameters"] == sum(weight.numel() for weight in model.parameters())
    batch = normalise(next(iter(data.val_dataloader())))
    with torch.no_grad():
        ours, theirs = model(batch).logits, distiller.student.eval()(batch).logits
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)
    assert set(checkpoint(trained, "best")["state_dict"]) == set(stored["state_dict"])


@pytest.mark.parametrize(
    ("steps", "more"),
    [
        ([3], [DROPOUT_HEAD]),
        ([5], [DROPOUT_HEAD, "data.workers=1", "validate_every=2"]),  # a validation falls on step 4
        ([3, 5], [DROPOUT_HEAD, "trainer.accumulate_grad_batches=2"]),
        ([3], ["model=tdnet", "model.width=8", "model.keys=4"]),  # which draws its paths
    ],
    ids=["dropout", "worker", "accumulated", "paths"],
)
def test_an_interrupted_training_ends_as_if_nothing_had_happened(
    steps: list[int], more: list[str], bands: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    more = [*settings(bands, tmp_path), *more]
    whole = run(*more, "name=whole")
    for step in steps:
        interrupt_at(monkeypatch, step, *more, "name=interrupted")
        resumed = Run(tmp_path / "interrupted/seed=0")
        assert checkpoint(resumed.folder)["global_step"] == step - step % 2
        assert not resumed.is_finished
    run(*more, "name=interrupted")
    ours, theirs = checkpoint(resumed.folder), checkpoint(whole)
    for key in ("state_dict", "optimizer_states", "lr_schedulers", "global_step"):
        assert same(ours[key], theirs[key]), key
    assert same(ours["callbacks"]["RandomState"], theirs["callbacks"]["RandomState"])
    ours, theirs = metrics(resumed.folder), metrics(whole)
    assert ours["validation"] == theirs["validation"]
    assert ours["scores"] == theirs["scores"]
    assert "resumes from" not in (whole / "train.log").read_text()


def test_the_same_seed_gives_the_same_run(bands: Path, tmp_path: Path):
    given = [
        *settings(bands, tmp_path), DROPOUT_HEAD, "steps=2", "validate_every=2", "data.workers=2",
        "augmentation@data.augmentation=standard", "data.augmentation.transforms.crop.height=48",
        "data.augmentation.transforms.crop.width=64",
    ]  # fmt: skip
    first, same_seed, reseeded = (run(*given, *more) for more in ([], ["name=again"], ["seed=1"]))
    assert same(checkpoint(first)["state_dict"], checkpoint(same_seed)["state_dict"])
    assert metrics(first)["scores"] == metrics(same_seed)["scores"]
    assert metrics(first)["scores"]["avg_k"] != metrics(reseeded)["scores"]["avg_k"]


def test_a_run_that_lacks_only_its_test_is_not_trained_again(
    bands: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    broken = pytest.raises(RuntimeError, match="a full disk")
    with monkeypatch.context() as patch, broken:
        patch.setattr(Run, "finish", lambda *_: (_ for _ in ()).throw(RuntimeError("a full disk")))
        run(*settings(bands, tmp_path))
    folder = tmp_path / "tiny/seed=0"
    assert "RuntimeError: a full disk" in (folder / "train.log").read_text()
    before = checkpoint(folder)["state_dict"]
    monkeypatch.setattr(Distiller, "training_step", lambda *_: pytest.fail("it was trained again"))
    run(*settings(bands, tmp_path))
    assert same(checkpoint(folder)["state_dict"], before)
    assert metrics(folder)["steps"] == 6


def test_the_best_weights_are_tested_where_they_are_asked_for(bands: Path, tmp_path: Path):
    # the rate is too high after the first steps, so that the first validation is the best
    wild = ["optimizer.lr=1.0", "optimizer.warmup=2", "steps=3", "validate_every=1"]
    last = run(*settings(bands, tmp_path), *wild)
    best = run(*settings(bands, tmp_path), *wild, "checkpoint=best", "name=best")
    ours = checkpoint(best, "best")
    assert ours["global_step"] < 3
    student = {k: v for k, v in ours["state_dict"].items() if k.startswith("student.")}
    tested = load(best, "best").model.state_dict()
    assert same({f"student.{name}": tensor for name, tensor in tested.items()}, student)
    assert metrics(best)["scores"]["avg_k"] > metrics(last)["scores"]["avg_k"]
    assert metrics(best)["checkpoint"] == "best"
    assert metrics(best)["validation"] == metrics(last)["validation"]


def test_a_finished_run_is_left_alone(trained: Path, bands: Path):
    before = state(trained)
    assert run(*settings(bands, trained.parent.parent)) == trained
    changes = ["data.workers=1", "logger=[csv]", "checkpoint_every=5"]
    run(*settings(bands, trained.parent.parent), *changes)
    assert state(trained) == before


def test_another_configuration_in_the_same_folder_is_refused(bands: Path, tmp_path: Path):
    more = [*settings(bands, tmp_path), "steps=1", "validate_every=1"]
    folder = run(*more)
    before = state(folder)
    with pytest.raises(BdnetError, match=r"optimizer\.lr 0\.001 -> 0\.5\); give this one a name"):
        run(*more, "optimizer.lr=0.5")
    assert state(folder) == before
    run(*more, "optimizer.lr=0.5", "overwrite=true")
    assert OmegaConf.load(folder / "config.yaml").optimizer.lr == 0.5
    with pytest.raises(BdnetError, match=r"optimizer\.lr 0\.5 -> 0\.001"):
        run(*more)


def test_a_run_that_failed_before_it_had_anything_gives_way(bands: Path, tmp_path: Path):
    with pytest.raises(BadData):
        run(*settings(bands, tmp_path), "data.batch_size=99")
    assert Run(tmp_path / "tiny/seed=0").facts()
    assert metrics(run(*settings(bands, tmp_path), "steps=1", "validate_every=1"))["steps"] == 1


def test_an_infinite_loss_stops_with_its_term_step_and_clips(
    bands: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    more = [*settings(bands, tmp_path), *POISON]
    monkeypatch.setattr(NanLoss, "at", 3)
    with pytest.raises(BdnetError, match=r"'poison' is nan in step 3;.* the batch was\n") as first:
        run(*more)
    folder = tmp_path / "tiny/seed=0"
    assert checkpoint(folder)["global_step"] == 2
    assert "step 3" in (folder / "train.log").read_text()
    assert not Run(folder).is_finished
    monkeypatch.setattr(NanLoss, "at", 1)  # in the same step, when going on from step 2
    with pytest.raises(BdnetError) as second:
        run(*more)
    assert str(second.value) == str(first.value)
    assert clips_of(str(first.value)) == drawn(more, 3)


def clips_of(message: str) -> list[tuple[str, int]]:
    """Video and offset of each clip that a message names."""
    lines = [line.split() for line in message.splitlines() if ".mp4" in line]
    return [(Path(words[0]).stem, int(words[-1].strip(")"))) for words in lines]


def drawn(overrides: list[str], number: int) -> list[tuple[str, int]]:
    """The same of a batch, told from what is in it."""
    with composed(*overrides) as (config, _):
        _, data = prepared(config)
    loader = data.train_dataloader()  # its epochs are of one batch
    loader.batch_sampler.set_epoch(number)
    (batch,) = loader
    pictured = {labels(6, number).tobytes(): str(number) for number in range(3)}
    names = [pictured[picture.numpy().astype(np.uint8).tobytes()] for picture in batch.labels]
    return list(zip(names, batch.offset.tolist(), strict=True))


def test_one_process_works_on_a_run(bands: Path, tmp_path: Path):
    folder = tmp_path / "tiny/seed=0"
    folder.mkdir(parents=True)
    program = (
        "import sys; from filelock import FileLock\n"
        f"with FileLock({str(folder / '.lock')!r}): print('mine', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout.readline() == b"mine\n"
        with pytest.raises(BdnetError, match="another process"):
            run(*settings(bands, tmp_path), "steps=1", "validate_every=1")
        assert not (folder / "run.json").exists()
        process.kill()
    run(*settings(bands, tmp_path), "steps=1", "validate_every=1")  # the lock died with its process


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["classes=5"], "the model has 5 classes and the data set 3"),
        (["loss=[]"], r"loss=\[\]: nothing to train for"),
        (["checkpoint=first"], "checkpoint=first: use last or best"),
        (["checkpoint=best", "validate_every=7"], "none in steps=6"),
        (["init_from=nowhere"], "nowhere: no finished run; train it first"),
        (
            ["init_from={trained}", "backbone=resnet10t"],
            r"init_from=.*seed=0: backbone\..* here; use",
        ),
        (["teacher=run", "teacher.model.run=nowhere"], "nowhere: no finished run"),
        (
            ["teacher=run", "teacher.model.run={trained}", "teacher.model.checkpoint=first"],
            "checkpoint=first: .*seed=0 has none of that name; it has best and last",
        ),
        (["memory_format=rows"], "memory_format=rows: choose"),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)
def test_what_cannot_work_is_said_before_data_is_prepared(
    more: list[str], message: str, trained: Path, bands: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    def prepare(_: Folder) -> None:
        raise AssertionError("data was prepared")

    monkeypatch.setattr(Folder, "prepare", prepare)
    more = [setting.format(trained=f"'{trained}'") for setting in more]
    with pytest.raises(Exception) as error:  # noqa: PT011 - Hydra wraps some
        run(*settings(bands, tmp_path), *more)
    cause = error.value if isinstance(error.value, BdnetError) else error.value.__cause__
    assert isinstance(cause, BdnetError)
    with pytest.raises(BdnetError, match=message):
        raise cause


def test_what_a_run_builds_on_is_trained_first_and_once(bands: Path, tmp_path: Path):
    recipe = [
        *("~recipe", "+recipe.name=tiny", "+recipe.base={steps: 1, lr: 1e-3}"),
        "+recipe.teacher={backbone: hrnet_w18_small, steps: 1, lr: 1e-3}",
        *(
            "+recipe.finetune={steps: 2, lr: 1e-3}",
            "+recipe.unlabelled_batch_size=1",
            "+recipe.teacher_experiment=teacher",
        ),
    ]
    given = ("~recipe", "name=", "steps=")  # by the experiments
    own = [setting for setting in settings(bands, tmp_path) if not setting.startswith(given)]
    row = run(*own, *recipe, "experiment=table2/pixelwise")
    built = Run(row).config()
    base, teacher = Path(built.init_from), Path(built.teacher.model.run)
    assert row.is_relative_to(tmp_path / "tiny/table2/test_resnet/pixelwise")
    assert base.is_relative_to(tmp_path / "tiny/table2/test_resnet/base")
    assert teacher.is_relative_to(tmp_path / "tiny/teacher/hrnet_w18_small")
    assert [metrics(folder)["steps"] for folder in (row, base, teacher)] == [2, 1, 1]
    assert metrics(row)["experiment"] == "table2/pixelwise"
    config = Run(teacher).config()
    assert (config.interval, config.data.labelled_frame, config.data.unlabelled_batch_size) == (
        1,
        None,
        0,
    )
    assert metrics(teacher)["backbone"] == "hrnet_w18_small"
    assert Run(base).config().data.labelled_frame == 6
    assert not any("teacher" in name for name in checkpoint(row)["state_dict"])
    before = state(base), state(teacher)
    warped = run(*own, *recipe, "experiment=table2/control_warped")
    assert (state(base), state(teacher)) == before
    control = Path(Run(warped).config().init_from)
    assert control.is_relative_to(tmp_path / "tiny/table2/test_resnet/control")
    miou = [metrics(folder)["scores"]["miou"] for folder in (warped, control)]
    assert miou[0][0] == pytest.approx(miou[1][0])
    student = checkpoint(control)["state_dict"]
    ours = load(warped).model.state_dict()
    assert all(torch.equal(tensor, student[f"student.{name}"]) for name, tensor in ours.items())
    recipe[3] = "+recipe.teacher={backbone: hrnet_w18_small, steps: 2, lr: 1e-3}"
    with pytest.raises(BdnetError, match=r"seed=0 holds a run of .*\(steps 1 -> 2;.*recipe\.name="):
        run(*own, *recipe, "experiment=table2/pixelwise")


@pytest.mark.parametrize("fails", [True, False])
def test_weights_and_biases_hears_how_it_ended(
    fails: bool, bands: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    codes: list[int] = []

    def finish(exit_code: int) -> None:
        codes.append(exit_code)

    monkeypatch.setitem(sys.modules, "wandb", types.SimpleNamespace(finish=finish))
    monkeypatch.setattr(NanLoss, "at", 0 if fails else 10)
    more = [*settings(bands, tmp_path), *POISON, "steps=1", "validate_every=1"]
    if fails:
        with pytest.raises(BdnetError, match="'poison' is nan in step 0"):
            run(*more)
    else:
        run(*more)
    assert codes == [int(fails)]

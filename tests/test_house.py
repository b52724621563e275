"""The package as a whole: its entry points, its configuration, and its wheel."""

import inspect
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from hydra.utils import get_object
from omegaconf import DictConfig, ListConfig, OmegaConf, open_dict

from bdnet.__main__ import VERBS
from bdnet.cli.conf import conf_folder
from command import command

ROOT = Path(__file__).parent.parent
YAMLS = sorted(conf_folder().rglob("*.yaml"))
DATA_SETS = sorted(path.stem for path in conf_folder().glob("data/*.yaml"))
RECIPES = sorted(path.stem for path in conf_folder().glob("recipe/*.yaml"))
EXPERIMENTS = sorted(
    str(path.relative_to(conf_folder() / "experiment").with_suffix(""))
    for path in conf_folder().glob("experiment/**/*.yaml")
    if path.parent.name != "shared"
)


# the package that a group of conf/ configures; other groups have none of their own
PACKAGES = {
    "keyframe": "keyframes", "loss": "losses", "model": "models",
    "model/boundary": "models.boundary",
    "model/head": "models.head", "model/propagation": "models.propagation",
    "target": "benchmarks", "table": "reports.tables", "figure": "reports.tables",
    "data": "data",
}  # fmt: skip
ONE_MODULE_PER_CHOICE = ("keyframe", "model/boundary", "model/head", "model/propagation")
ENTRY_POINTS = {path.stem for path in (ROOT / "src/bdnet").glob("*.py")}


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def targets(node: object) -> list[DictConfig]:
    """All nodes with a `_target_`, at any depth."""
    if not isinstance(node, DictConfig | ListConfig):
        return []
    is_target = isinstance(node, DictConfig) and "_target_" in node
    keys = node if isinstance(node, DictConfig) else range(len(node))
    children = (node._get_node(key) for key in keys)  # interpolations are not resolved
    return [node] * is_target + [target for child in children for target in targets(child)]


def test_modules_outside_packages_are_entry_points():
    assert ENTRY_POINTS - {"__init__", "__main__", "types", "errors"} == set(VERBS)


@pytest.mark.parametrize("group", PACKAGES)
def test_a_group_configures_its_package(group: str):
    """Some groups configure one module per choice, of the same name."""
    for path in conf_folder().glob(f"{group}/*.yaml"):
        named = [node._target_ for node in targets(OmegaConf.load(path))]
        if not named:  # a part that other choices include
            continue
        home = f"bdnet.{PACKAGES[group]}."
        home += f"{path.stem}." if group in ONE_MODULE_PER_CHOICE else ""
        assert named[0].startswith(home), path


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_configuration_and_a_help(verb: str, tmp_path: Path):
    assert (conf_folder() / f"{verb}.yaml").is_file()
    answer = command(verb, "--help", folder=tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert f"python -m bdnet.{verb}" in answer.stdout
    assert list(tmp_path.iterdir()) == []  # asking for help writes nothing


def test_a_verb_is_a_command(tmp_path: Path):
    answer = run("-m", "bdnet.report", "--help", folder=tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert "report" in answer.stdout


def check_keys(config: object, is_whole: bool) -> None:
    for node in targets(config):
        signature = inspect.signature(get_object(node._target_))
        given = {key: None for key in node if not str(key).startswith("_")}
        given.pop("defaults", None)  # Hydra's own
        bind = signature.bind if is_whole and not node.get("_partial_") else signature.bind_partial
        bind(**given)


@pytest.mark.parametrize("path", YAMLS, ids=lambda path: str(path.relative_to(conf_folder())))
def test_yaml_keys_are_arguments_of_their_target(path: Path):
    check_keys(OmegaConf.load(path), is_whole=False)


@pytest.mark.parametrize("name", DATA_SETS)
def test_data_sets_compose_to_all_that_their_targets_need(name: str):
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        config = compose("probe", [f"data={name}"], return_hydra_config=True)
    check_keys(config.data, is_whole=True)
    assert config.data.augmentation.transforms.crop.height > 0


def test_recipes_have_the_same_keys():
    """So that an experiment that composes with one recipe composes with all."""
    recipes = {}
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        for recipe in RECIPES:
            data = recipe if recipe in DATA_SETS else "streets"
            chosen = [f"data={data}", f"recipe={recipe}", "data.dataset.root=."]
            recipes[recipe] = keys(compose("train", chosen).recipe)
    assert all(names == recipes["streets"] for names in recipes.values())


def keys(node: object, path: str = "") -> set[str]:
    if not isinstance(node, DictConfig):
        return {path}
    return {key for name, child in node.items() for key in keys(child, f"{path}.{name}")}


@pytest.mark.parametrize(
    "recipe",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name == "cityscapes"))  # all of them again
        for name in RECIPES
    ],
)
def test_experiments_compose_to_all_that_their_targets_need(recipe: str):
    data = recipe if recipe in DATA_SETS else "streets"
    few = ["teacher", "table2/inner", "best", "tdnet/grouped"]
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        for experiment in EXPERIMENTS if recipe in ("small", "cityscapes") else few:
            chosen = [f"data={data}", f"recipe={recipe}", f"experiment={experiment}"]
            chosen.append("data.dataset.root=.")  # the folder of a user's own data
            config = compose("train", chosen, return_hydra_config=True)
            HydraConfig.instance().set_config(config)  # for ${hydra:runtime.choices}
            with open_dict(config):
                del config["hydra"]
            check_keys(config, is_whole=True)
            assert OmegaConf.missing_keys(config) == set()
            OmegaConf.resolve(config)
            assert config.name.startswith(f"{config.recipe.name}/"), experiment


@pytest.mark.parametrize("path", YAMLS, ids=lambda path: str(path.relative_to(conf_folder())))
def test_yaml_begins_with_a_comment(path: Path):
    lines = path.read_text().splitlines()
    if lines[0] == "# @package _global_":  # Hydra reads it only in the first line
        del lines[0]
    assert lines[0].startswith("# ")
    assert "@package" not in "\n".join(lines)


@pytest.mark.parametrize("verb", VERBS)
def test_entry_points_compose(verb: str):
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        assert compose(verb)


def test_console_command_lists_its_verbs_and_refuses_others(tmp_path: Path):
    listing = run("-m", "bdnet", folder=tmp_path)
    assert listing.returncode == 0
    assert all(f"  {verb} " in listing.stderr for verb in VERBS)
    wrong = run("-m", "bdnet", "prob", folder=tmp_path)
    assert wrong.returncode == 2
    assert "no verb 'prob'" in wrong.stderr


def test_a_users_error_is_a_message_without_traceback(tmp_path: Path):
    answer = run("-m", "bdnet.probe", "video=absent.mp4", folder=tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.startswith("bdnet probe: absent.mp4: no such file")
    assert "Traceback" not in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_value_is_a_message_too(tmp_path: Path):
    answer = command("probe", "data=streets", "data.interval=0", folder=tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.startswith("bdnet probe: interval=0: ")
    size = command("probe", "data=streets", "data.dataset.parameters.height=8", folder=tmp_path)
    missing = command("probe", "data=camvid", folder=tmp_path)
    assert missing.stderr.startswith("bdnet probe: data.dataset.root is missing; add data.")
    assert size.stderr.strip() == "bdnet probe: height=8 pixels: choose a size from 32 to 4096"


def test_wheel_carries_the_configuration_and_the_network_in_the_package(tmp_path: Path):
    """Builds the wheel and uses it elsewhere; its dependencies are this environment's."""
    built = run(
        *("-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)),
        folder=tmp_path,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    home = tmp_path / "venv"
    venv.create(home, with_pip=False)
    (packages,) = home.glob("lib/python*/site-packages")
    installed = run(
        *("-m", "pip", "install", "--no-deps", "--quiet", "--target", str(packages), str(wheel)),
        folder=tmp_path,
    )
    assert installed.returncode == 0, installed.stderr
    # a path file in a path file's folder is not read, so the checkout stays out
    (packages / "dependencies.pth").write_text(
        "\n".join(path for path in sys.path if path.endswith("-packages"))
    )
    program = (
        "import bdnet, hydra; from bdnet.cli.conf import conf_folder\n"
        "print(bdnet.__file__)\n"
        "with hydra.initialize_config_dir(str(conf_folder()), version_base='1.3'):\n"
        "    print(hydra.compose('encode', ['input=a', 'output=b']).encoding.interval)\n"
        "print(bdnet.load('streets').interval)\n"
    )
    used = subprocess.run(
        [home / "bin" / "python", "-I", "-c", program],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert used.returncode == 0, used.stderr
    path, interval, boxed = used.stdout.splitlines()
    assert Path(path).is_relative_to(packages)
    assert (interval, boxed) == ("12", "5")
    assert (packages / "bdnet/py.typed").is_file()


@pytest.mark.parametrize("data", DATA_SETS)
def test_a_data_set_brings_its_recipe_and_optimiser(data: str):
    given = [f"data={data}", "data.dataset.root=/nowhere"]
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        for experiment in (None, "teacher", "flownet", "table2/inner", "figure3/mv"):
            chosen = [*given, *([f"experiment={experiment}"] if experiment else [])]
            config = compose("train", chosen, return_hydra_config=True)
            HydraConfig.instance().set_config(config)
            assert config.recipe.name == data
            kind = config.optimizer.optimizer._target_.rpartition(".")[2]
            adam = data in {"streets", "camvid"} or experiment == "flownet"
            assert kind == ("AdamW" if adam else "SGD")
            rate = (
                config.recipe.finetune.lr if experiment == "table2/inner" else config.optimizer.lr
            )
            assert config.optimizer.lr == rate > 0

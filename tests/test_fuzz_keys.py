"""Wrong values for every key of every verb: a sentence and a status, no traceback, nothing lost.

Verbs and keys come from the yamls of conf/, so new ones are covered by being there.
"""

import random
import shutil
from collections import Counter
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from bdnet.__main__ import VERBS
from bdnet.cli.conf import conf_folder, declared
from bdnet.runs.keys import kinds_of
from command import command
from trees import state
from videos import Video

VALUES = (
    "", "x", "-1", "0", "1.5", "1e400", "-1e400", "nan", "null", "no", "true", "9" * 20,
    "[]", "[1,-2]", "[x]", "{a: 1}", "é☃", "²", "../../x", "/proc/x", "..", ".", "~", "${x}", "${x",
    "???", "'", "%s", "$(touch owned)", "a,b", "a" * 5000, "*",
)  # fmt: skip
# of keys that have no default
GIVEN = {
    "run": "run", "video": "clip.mp4", "input": "clip.mp4", "output": "out", "network": "run:run",
}  # fmt: skip
# what ends a command that would take long if it began
ENDS = {"train": ["data=folder", "data.dataset.root=none"], "demo": ["recipe=none"],
        "benchmark": ["target=codec", "target.video=none"], "export": ["checkpoint=none"],
        }  # fmt: skip
PAIRS = [(verb, str(key), value) for verb in VERBS for key in declared(verb)
         if key not in ("defaults", "hydra") for value in VALUES]  # fmt: skip


@pytest.fixture(scope="module")
def folder(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder: a finished run, a video, results, and notes."""
    folder = tmp_path_factory.mktemp("user")
    shutil.copytree(trained, folder / "run")
    Video(size=(64, 96), frames=3).write(folder / "clip.mp4")
    (folder / "out").mkdir()
    (folder / "out/mine.txt").write_text("mine")
    return folder


def tried(verb: str, key: str, value: str, folder: Path) -> int:
    """The status of a command with this value; checks all that must hold of any."""
    needed = [f"{name}={GIVEN[name]}" for name, default in declared(verb).items()
              if default == "???" and name != key]  # fmt: skip
    before = state(folder)
    others = [argument for argument in ENDS.get(verb, []) if not argument.startswith(f"{key}=")]
    answer = command(verb, *needed, *others, f"{key}={value}", folder=folder)
    text = f"bdnet {verb} {key}={value[:50]}\n{answer.stderr}"
    assert answer.returncode in (0, 1, 2), text
    assert "Traceback" not in answer.stderr, text
    assert answer.stderr.strip() or not answer.returncode, text
    after = state(folder)
    assert not [path for path in before if path not in after], text
    assert not (folder / "owned").exists(), text
    return answer.returncode


def is_wrong(verb: str, key: str, value: str) -> bool:
    """Whether a value, as YAML reads it, is none of the key's."""
    kind = kinds_of(verb, declared(verb)).get(key)
    if kind is None or kind.is_text or "$" in value or value in ("null", "???", "'"):
        return False
    return not kind.fits(OmegaConf.create(f"x: {value}").x if value else value)


@pytest.mark.parametrize("verb", VERBS)
def test_every_key_of_a_verb_has_a_kind(verb: str):
    keys = declared(verb)
    groups = {key for key in keys if (conf_folder() / key).is_dir()}
    mappings = {key for key, default in keys.items() if isinstance(default, dict)}
    assert set(keys) - groups - mappings - {"defaults", "hydra"} <= set(kinds_of(verb, keys))


def test_wrong_values_end_in_a_sentence(folder: Path):
    for verb, key, value in random.Random(25).sample(PAIRS, 25):
        status = tried(verb, key, value, folder)
        assert status or not is_wrong(verb, key, value), (verb, key, value)


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("verb", VERBS)
def test_all_wrong_values_of_a_verb_end_in_a_sentence(
    verb: str, folder: Path, capsys: pytest.CaptureFixture[str]
):
    statuses: Counter[int] = Counter()
    failures = []
    for _, key, value in (pair for pair in PAIRS if pair[0] == verb):
        try:
            status = tried(verb, key, value, folder)
            assert status or not is_wrong(verb, key, value), f"{verb} {key}={value[:50]}: taken"
            statuses[status] += 1
        except Exception as error:  # all failures of the verb are told at its end
            failures.append(f"{verb} {key}={value[:50]}: {type(error).__name__}: {error}")
    with capsys.disabled():
        print(f"\n{verb}: {sum(statuses.values())} commands, by status {dict(statuses)}")
    assert not failures, "\n\n".join(failures)

"""What a verb says when it is asked for help: its yaml with all comments, and its choices."""

import re
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from omegaconf import DictConfig, ListConfig, OmegaConf

HELP = ("--help", "-h")
# what is Hydra's concern
INNER = re.compile(r"^(?:defaults|hydra):.*\n(?:(?:[ \t-].*)?\n)*", re.MULTILINE)
WHOLE = "experiment"  # is chosen as experiment=table2/mv, where others are as model/head=pspnet
SHARED = "shared"  # folders of what several choices have in common
WIDTH = 110


def answers(verb: str, arguments: Sequence[str], conf: Path) -> bool:
    """Prints the page of a verb if its arguments ask for it."""
    is_asked = not {*HELP}.isdisjoint(arguments)
    if is_asked:
        print(manual(verb, conf))
    return is_asked


def manual(verb: str, conf: Path) -> str:
    """The page of one verb, whose yaml and choices are in a folder."""
    text = (conf / f"{verb}.yaml").read_text()
    keys = re.sub(r"\n{3,}", "\n\n", INNER.sub("\n", text)).strip()
    choices = "\n".join(
        textwrap.fill(line, WIDTH, subsequent_indent="    ")
        for group, value in _groups(text)
        if (conf / group).is_dir()
        for line in _choices(conf, group, value)
    )
    whole = f"# every key, with what you chose: python -m bdnet.{verb} ... --cfg job"
    return "\n\n".join(filter(None, (keys, choices and f"# choices\n{choices}", whole)))


def _groups(text: str) -> Iterator[tuple[str, str]]:
    """What an entry point's yaml chooses from, and how one says it."""
    config = OmegaConf.create(text)
    assert isinstance(config, DictConfig)
    for each in config.get("defaults", []):
        if isinstance(each, DictConfig):
            (group,) = map(str, each)
            yield group, "[NAME,...]" if isinstance(each._get_node(group), ListConfig) else "NAME"


def _choices(conf: Path, group: str, value: str) -> Iterator[str]:
    """A line for the folder, and for each one below it."""
    if names := sorted(path.stem for path in (conf / group).glob("*.yaml")):
        root, _, inner = group.partition("/")
        said = f"{WHOLE}={inner}/{value}" if inner and root == WHOLE else f"{group}={value}"
        yield f"{said}: {', '.join(names)}"
    for folder in sorted(path for path in (conf / group).iterdir() if path.is_dir()):
        if folder.name != SHARED:
            yield from _choices(conf, f"{group}/{folder.name}", value)

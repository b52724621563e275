"""The --help page of a verb: its yaml with all comments, and the choices of its config groups."""

import re
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from omegaconf import DictConfig, ListConfig, OmegaConf

HELP = ("--help", "-h")
# sections that concern only Hydra
HYDRA_SECTIONS = re.compile(r"^(?:defaults|hydra):.*\n(?:(?:[ \t-].*)?\n)*", re.MULTILINE)
EXPERIMENT = "experiment"  # its folders are part of the value: experiment=table2/mv
SHARED = "shared"  # folders of parts that several choices include
WIDTH = 110


def print_help(verb: str, arguments: Sequence[str], conf: Path) -> bool:
    """Prints the help page of a verb if its arguments ask for it, and returns whether they do."""
    is_asked = not {*HELP}.isdisjoint(arguments)
    if is_asked:
        print(help_page(verb, conf))
    return is_asked


def help_page(verb: str, conf: Path) -> str:
    """The help page of a verb.

    conf: the folder of its yaml and its config groups
    """
    text = (conf / f"{verb}.yaml").read_text()
    keys = re.sub(r"\n{3,}", "\n\n", HYDRA_SECTIONS.sub("\n", text)).strip()
    choices = "\n".join(
        textwrap.fill(line, WIDTH, subsequent_indent="    ")
        for group, value in _groups(text)
        if (conf / group).is_dir()
        for line in _choices(conf, group, value)
    )
    last = f"# every key, with your choices: python -m bdnet.{verb} ... --cfg job"
    return "\n\n".join(filter(None, (keys, choices and f"# choices\n{choices}", last)))


def _groups(text: str) -> Iterator[tuple[str, str]]:
    """The config groups in a yaml's defaults list, and the form of their values."""
    config = OmegaConf.create(text)
    assert isinstance(config, DictConfig)
    for entry in config.get("defaults", []):
        if isinstance(entry, DictConfig):
            (group,) = map(str, entry)
            is_list = isinstance(entry._get_node(group), ListConfig)
            yield group, "[NAME,...]" if is_list else "NAME"


def _choices(conf: Path, group: str, value: str) -> Iterator[str]:
    """A line per folder of a group: how its configs are chosen, and their names."""
    if names := sorted(path.stem for path in (conf / group).glob("*.yaml")):
        root, _, inner = group.partition("/")
        is_nested = inner and root == EXPERIMENT
        override = f"{EXPERIMENT}={inner}/{value}" if is_nested else f"{group}={value}"
        yield f"{override}: {', '.join(names)}"
    for folder in sorted(path for path in (conf / group).iterdir() if path.is_dir()):
        if folder.name != SHARED:
            yield from _choices(conf, f"{group}/{folder.name}", value)

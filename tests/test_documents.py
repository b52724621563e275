"""Links in the documents lead somewhere, their commands compose, and their choices exist."""

import re
import shlex
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from bdnet.__main__ import VERBS
from bdnet.cli.arguments import arguments_of
from bdnet.cli.conf import conf_folder

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / f"{name}.md" for name in ("README", "RESULTS", "CONTRIBUTING", "CHANGELOG")]
DOCUMENTS += sorted(ROOT.glob("docs/**/*.md"))
LINK = re.compile(r"\]\(([^)\s]+)\)")
WORD = r"(?:[\w./]+=)?(?:'[^'\n]*'|[^\s'`#();,]+[^\s'`#();]*)"
COMMAND = re.compile(rf"(?:python -m bdnet\.|bdnet )(\w+)((?: +{WORD})+)")
GROUPS = [path.relative_to(conf_folder()) for path in conf_folder().rglob("*") if path.is_dir()]
CHOICE = re.compile(rf"(?<=[ `\n])({'|'.join(map(str, GROUPS))})=([\w/]+)")
PLACEHOLDERS = ("data=mine", "keyframe=mine", "sweep=NAME", "loss=[focal", "|", "...")


def anchors(document: Path) -> set[str]:
    """The anchors that GitHub makes from headings."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    "document", [*DOCUMENTS, *sorted(ROOT.glob("results/**/*.md"))], ids=lambda path: path.name
)
def test_links_lead_somewhere(document: Path):
    for link in LINK.findall(document.read_text()):
        path, _, anchor = link.partition("#")
        if path.startswith("https:"):
            continue
        target = document.parent / path if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize(
    "document", [path for path in DOCUMENTS if path.stem != "CHANGELOG"], ids=lambda path: path.name
)
def test_choices_exist(document: Path):
    for group, name in CHOICE.findall(document.read_text()):
        exists = (conf_folder() / group / f"{name}.yaml").is_file() or name in ("none", "null")
        assert exists or f"{group}={name}" in PLACEHOLDERS, f"{group}={name}"


def test_make_has_the_targets_that_documents_name():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        named = re.findall(
            r"(?:^    |`|&& )make ((?:[\w-]+ ?)+)", document.read_text(), re.MULTILINE
        )
        for words in named:
            assert set(words.split()) <= targets, (document.name, words)


def test_readme_is_short_and_its_table_cells_hold_one_number():
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 150
    for row in re.findall(r"^\|.*\|$", re.sub(r"<!--.*?-->", "", text), re.MULTILINE):
        for cell in row.strip("|").split("|"):
            assert len(re.findall(r"\d+\.\d+", cell)) <= 1, row


def commands() -> list[str]:
    """All commands in the documents, without duplicates."""
    lines: dict[str, None] = {}
    for document in DOCUMENTS:
        text = re.sub(r" *\\\n\s*", " ", document.read_text())
        text = re.sub(r"(`[^`\n]*)\n([^`\n]*`)", r"\1 \2", text)
        for verb, rest in COMMAND.findall(text):
            if verb in VERBS and "=" in rest and not any(text in rest for text in PLACEHOLDERS):
                lines[f"{verb}{rest}"] = None
    return list(lines)


def first(setting: str) -> str:
    """The first job of a sweep."""
    return setting if {"[", "'"} & set(setting) else setting.partition(",")[0]


def test_commands_are_found():
    assert len(commands()) > 40


@pytest.mark.parametrize("line", commands())
def test_commands_compose(line: str):
    verb, *words = shlex.split(line)
    settings = arguments_of(verb, [first(word) for word in words if "=" in word])
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        assert compose(verb, settings)

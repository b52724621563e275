"""`make results`: the pages behind RESULTS.md, and the bound numbers of all documents, from results/*.csv.

python results/generate.py writes them; python results/generate.py check exits with 1 if something committed is not what it writes.
"""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from bindings import FOLDER, filled
from hydra.utils import instantiate
from measurements import benchmark_table, document_tables
from omegaconf import OmegaConf

from bdnet.reports.tables.base import Report
from bdnet.reports.tables.collect import collect

ROOT = Path(__file__).resolve().parent.parent
PAGES = FOLDER / "pages"
DOCUMENTS = ("README.md", "RESULTS.md", "docs/*.md", "results/README.md")
NOTE = "<!-- written by `make results` from results/*.csv and results/pages.yaml -->"


def generated() -> Iterator[tuple[Path, bytes]]:
    """Every file and its content."""
    for name, page in yaml.safe_load((FOLDER / "pages.yaml").read_text()).items():
        text = [NOTE, f"# {page['title']}", filled(page["about"].strip(), {})]
        for part in page["parts"]:
            if "benchmark" in part:
                text += [f"## {part['title']}", benchmark_table(part["benchmark"])]
                text += [part["about"]] if "about" in part else []
                continue
            text.append(f"Command: `{command(name, part)}`")
            result = report(name, part)
            text.insert(-1, re.sub(r"^#", "##", result.text.strip(), flags=re.MULTILINE))
            if "figure" in part:
                for file, content in result.files.items():
                    if not file.endswith(".pdf"):
                        yield PAGES / f"{name}_{file}", content
                        if file.endswith(".png"):
                            text.insert(-2, f"![{part['alt']}]({name}_{file})")
        yield PAGES / f"{name}.md", ("\n\n".join(text) + "\n").encode()
    for pattern in DOCUMENTS:
        for path in sorted(Path().glob(pattern)):
            yield path, filled(path.read_text(), document_tables()).encode()


def command(study: str, part: dict[str, Any]) -> str:
    kind = "figure" if "figure" in part else "table"
    if not settings(part).is_relative_to(Path("conf")):
        return f"with {settings(part)}"
    return f"python -m bdnet.report {kind}={part[kind]} runs={FOLDER / study}.csv"


def settings(part: dict[str, Any]) -> Path:
    """The yaml of a table or figure: of conf/, or of results/tables if only this repository's pages show it."""
    kind = "figure" if "figure" in part else "table"
    own = FOLDER / "tables" / f"{part[kind]}.yaml"
    return own if own.is_file() else Path(f"conf/{kind}/{part[kind]}.yaml")


def report(study: str, part: dict[str, Any]) -> Report:
    config = OmegaConf.load(settings(part))
    changes = {key: part[key] for key in ("measures", "costs", "absent") if key in part}
    reporter = instantiate(OmegaConf.merge(config, changes), _convert_="all")
    result: Report = reporter.report(collect(FOLDER / f"{study}.csv"), mixed=False)
    return result


def main(arguments: list[str]) -> int:
    os.chdir(ROOT)
    stale = [path for path, content in generated() if differs(path, content, arguments)]
    print(*(f"{path}" for path in stale), sep="\n")
    if stale and arguments:
        print(
            "are not what `make results` writes: run it, and commit what it changes",
            file=sys.stderr,
        )
    return int(bool(stale and arguments))


def differs(path: Path, content: bytes, arguments: list[str]) -> bool:
    """Whether a file is another one; writes it unless only asked. Pictures need only be there, their points are compared."""
    if path.is_file() and (path.suffix == ".png" or path.read_bytes() == content):
        return False
    if not arguments:
        path.write_bytes(content)
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`make results`: pages and figures from results/*.csv, and the bound numbers of all documents.

`python results/generate.py check` writes nothing, and fails if a committed file is another one.
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from acceleration import tables as acceleration_tables
from bindings import FOLDER, benchmark, filled
from hydra.utils import instantiate
from measurements import benchmark_table, pipeline, search
from omegaconf import OmegaConf
from pandas import DataFrame

from bdnet.benchmarks.acceleration.pareto import draw, points
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
                text += [f"## {part['title']}", *filter(None, [part.get("about")])]
                text.append(benchmark_table(part["benchmark"]))
                if "picture" in part:
                    picture = f"benchmarks_{part['picture']}.png"
                    text.append(f"![{part['title']}]({picture})")
                    rows = benchmark(f"benchmarks/{part['benchmark']}")["accelerations"]
                    table = DataFrame(points(rows)).round(4).to_csv(index=False)
                    yield (PAGES / picture).with_suffix(".csv"), table.encode()
                    yield PAGES / picture, draw(rows)
                continue
            content = report(name, part)
            text += [f"## {part['alt']}"] if "figure" in part else []
            text.append(re.sub(r"^#", "##", content.text.strip(), flags=re.MULTILINE))
            for file, data in content.files.items():
                if "figure" in part and not file.endswith(".pdf"):
                    yield PAGES / f"{name}_{file}", rounded(data) if file.endswith(".csv") else data
                if file.endswith(".png"):
                    text.append(f"![{part['alt']}]({name}_{file})")
            text.append(f"Rows: `{settings(part)}`; runs: `{FOLDER / name}.csv`.")
        yield PAGES / f"{name}.md", ("\n\n".join(text) + "\n").encode()
    tables = {"pipeline": pipeline(), "search": search(), **acceleration_tables()}
    for path in sorted(path for pattern in DOCUMENTS for path in Path().glob(pattern)):
        yield path, filled(path.read_text(), tables).encode()


def rounded(data: bytes) -> bytes:
    """To 6 digits, since the last ones of means differ between machines."""
    return re.sub(rb"\d\.\d{7,}", lambda number: b"%.6f" % float(number[0]), data)


def settings(part: dict[str, Any]) -> Path:
    """The yaml of a table or figure: of results/tables, or of conf/."""
    kind = "figure" if "figure" in part else "table"
    own = FOLDER / "tables" / f"{part[kind]}.yaml"
    return own if own.is_file() else Path(f"conf/{kind}/{part[kind]}.yaml")


def report(study: str, part: dict[str, Any]) -> Any:
    """Its text and files."""
    config = OmegaConf.load(settings(part))
    changes = {key: part[key] for key in ("measures", "costs", "absent") if key in part}
    reporter = instantiate(OmegaConf.merge(config, changes), _convert_="all")
    return reporter.report(collect(FOLDER / f"{study}.csv"), mixed=False)


def main(arguments: list[str]) -> int:
    os.chdir(ROOT)
    check = arguments == ["check"]
    files = dict(generated())
    changed = [path for path in files if differs(path, files)]
    for path in [] if check else changed:
        path.write_bytes(files[path])
    print(*changed, sep="\n", end="\n" if changed else "")
    if changed and check:
        print("not what `make results` writes: run it and commit its changes", file=sys.stderr)
    return int(bool(changed) and check)


def differs(path: Path, files: Mapping[Path, bytes]) -> bool:
    """A picture is another one where its points are, which the CSV beside it holds."""
    if path.suffix == ".png" and path.is_file():
        return differs(path.with_suffix(".csv"), files)
    return not path.is_file() or path.read_bytes() != files[path]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Hooks of mkdocs: documents outside of docs/ become pages of the site, and links follow them."""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent.parent
OUTSIDE = ("README.md", "RESULTS.md", "CONTRIBUTING.md", "CHANGELOG.md", "results/README.md")
PAGES = "results/pages"
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")


def on_files(files: Files, config: Any) -> Files:
    """Adds the documents outside of docs/, under their paths in the repository."""
    pages = [str(path.relative_to(ROOT)) for path in sorted((ROOT / PAGES).glob("*.[mp][dn]*"))]
    for name in (*OUTSIDE, *pages):
        files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Any, files: Files, **_: Any) -> str:
    """Lets links lead to pages of the site; what has none, such as a notebook, loses its link."""
    name = page.file.src_uri
    origin = name if (ROOT / name).is_file() else f"docs/{name}"

    def link(match: re.Match[str]) -> str:
        words, target = match.groups()
        path, _, anchor = target.partition("#")
        if "://" in target or not path:
            return match[0]
        found = posixpath.normpath(posixpath.join(posixpath.dirname(origin), path))
        found = found.removeprefix("docs/")
        if found == "results":
            found = "results/README.md"
        if files.get_file_from_path(found) is None:
            return words
        new = posixpath.relpath(found, posixpath.dirname(name) or ".")
        return f"[{words}]({new}{'#' * bool(anchor)}{anchor})"

    return LINK.sub(link, markdown)

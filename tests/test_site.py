"""The documents as a site: built strictly, with pages of the documents outside of docs/."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    pytest.importorskip("mkdocs")
    folder = tmp_path_factory.mktemp("site")
    answer = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    return folder


def test_every_document_is_a_page_and_links_stay_inside(site: Path):
    sources = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("results/**/*.md")]
    for source in sources:
        path = source.relative_to(ROOT).with_suffix(".html")
        page = str(path).removeprefix("docs/").replace("README", "index")
        assert (site / page).is_file(), page
    start = (site / "index.html").read_text()
    assert 'href="accelerate.html' in start
    assert 'href="RESULTS.html' in start


def test_the_api_is_described_from_docstrings(site: Path):
    page = (site / "api.html").read_text()
    for name in ("accelerate", "load", "describe", "VideoReader", "Segmentation"):
        assert f'id="{name.lower()}"' in page or f'id="bdnet.{name}"' in page, name
    assert "<code>interval</code>" in page  # a described argument

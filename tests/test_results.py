"""Documents, pages and figures are what `make results` makes of results/*.csv."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bdnet.reports.tables import figure
from bdnet.reports.tables.collect import collect
from bdnet.reports.tables.results_csv import results_csv
from run_folders import write_json, write_run

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "results"
if not RESULTS.is_dir():
    pytest.skip("an installed package has no results", allow_module_level=True)
sys.path.insert(0, str(RESULTS))

import bindings  # noqa: E402
import generate  # noqa: E402

NUMBER = re.compile(r"\d\.\d")


@pytest.fixture
def study(tmp_path: Path, monkeypatch) -> Iterator[None]:
    """results/mine.csv of two experiments and results/benchmarks/cost.json."""
    for seed, miou in enumerate([0.5, 0.51, 0.55]):
        write_run(tmp_path / "runs", "table2/mv", seed, [miou, 0.4])
    for seed, miou in enumerate([0.48, 0.52]):
        write_run(tmp_path / "runs", "table2/copy", seed, [miou, 0.4])
    write_run(tmp_path / "runs", "table2/copy", 0, [0.9, 0.9], backbone="resnet50")
    (tmp_path / "mine.csv").write_bytes(results_csv(collect(tmp_path / "runs").finished))
    rules = [{"rule": "every 1", "gflops": 8.0}, {"rule": "every 5", "gflops": 2.0}]
    write_json(tmp_path / "benchmarks/cost.json", {"seconds": [3, 1, 2], "rules": rules})
    monkeypatch.setattr(bindings, "FOLDER", tmp_path)
    bindings.study.cache_clear()
    bindings.benchmark.cache_clear()
    yield
    bindings.study.cache_clear()
    bindings.benchmark.cache_clear()


@pytest.mark.usefixtures("study")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mine table2/mv miou_d0", "52.00 ± 2.65"),
        ("mine table2/mv miou_d0; mean digits=1", "52.0"),
        ("mine table2/mv miou_d0; seeds", "3"),
        ("mine table2/mv miou_d0; seed=2", "55.00"),
        ("mine table2/mv iou_road_avg_k; mean", "46.00"),
        ("mine table2/copy miou_d0; mean backbone=resnet18", "50.00"),
        ("mine table2/copy miou_d0; backbone=resnet50", "90.00"),
        ("benchmarks/cost seconds", "2.00"),
        ("benchmarks/cost rules/every 5/gflops : rules/every 1/gflops; percent digits=0", "25"),
    ],
)
def test_a_marker_is_filled_with_its_measure(name: str, value: str):
    text = f"a <!-- value: {name} -->old<!-- / --> b"
    filled = f"a <!-- value: {name} -->{value}<!-- / --> b"
    assert bindings.filled(text, {}) == filled
    assert bindings.filled(filled, {}) == filled


@pytest.mark.usefixtures("study")
def test_pairs_are_of_common_seeds():
    name = "mine table2/mv - table2/copy miou_d0; backbone=resnet18 "
    assert bindings.value(name + "signed") == "+0.50 ± 2.12"  # +2, -1; the third has no partner
    assert bindings.value(name + "loss mean") == "-0.50"
    assert bindings.value(name + "wins") == "1"
    assert bindings.value(name + "seeds") == "2"


@pytest.mark.usefixtures("study")
@pytest.mark.parametrize(
    "name",
    [
        "absent table2/mv avg_k",
        "mine table2/bas avg_k",
        "mine table2/copy avg_k",  # on two backbones
        "mine table2/mv miou_d7",
        "mine table2/mv avg_k; seed=9",
        "benchmarks/cost minutes",
        "benchmarks/absent seconds",
    ],
)
def test_a_marker_that_names_nothing_is_named(name: str):
    with pytest.raises(bindings.Unbound, match=re.escape(name)):
        bindings.filled(f"<!-- value: {name} -->1.0<!-- / -->", {})
    with pytest.raises(bindings.Unbound, match="absent"):
        bindings.filled("<!-- table: absent --><!-- / -->", {})


def test_what_is_committed_is_what_make_results_writes(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    pictures = {"png": b"", "pdf": b""}  # their points are compared, so that nothing is drawn
    monkeypatch.setattr(figure, "draw", lambda *_: pictures)
    assert generate.main(["check"]) == 0, capsys.readouterr().out


def test_every_number_of_a_result_is_bound():
    """No decimal of RESULTS.md stands outside of markers, and no deviation of another document."""
    for path in (ROOT / "RESULTS.md", ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        text = bindings.MARKER.sub("", path.read_text())
        text = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", text, flags=re.DOTALL)
        wanted = NUMBER if path.name == "RESULTS.md" else re.compile(r"\d ?(±|\+/-) ?\d")
        assert not wanted.search(text), (path, wanted.search(text))


def test_results_stay_small_and_every_study_has_a_page():
    assert len((ROOT / "RESULTS.md").read_text().splitlines()) <= 150
    json_files = [*RESULTS.rglob("*.json"), *(ROOT / "docs").rglob("*.json")]
    assert len(json_files) <= 40
    studies = {path.stem for path in RESULTS.glob("*.csv")}
    pages = yaml.safe_load((RESULTS / "pages.yaml").read_text())
    assert studies == pages.keys() - {"benchmarks"}
    shown = {part.get("benchmark") for part in pages["benchmarks"]["parts"]}
    in_documents = {
        "carried_labels", "acceleration-choices", "acceleration-halves", "memory-streets",
        "acceleration-details-espnet-camvid",
        "search-settings",
    }  # fmt: skip
    assert {path.stem for path in RESULTS.glob("benchmarks/*.json")} - in_documents == shown

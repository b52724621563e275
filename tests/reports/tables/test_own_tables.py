"""A table that the paper does not have."""

from pathlib import Path

from test_table import files, line, named, parsed

from run_folders import write_run


def test_a_table_without_published_values_does_not_mention_the_paper(tmp_path: Path):
    for seed in (0, 1):
        write_run(tmp_path, "table2/single_frame", seed, [0.6, 0.5 + seed / 10])
        write_run(tmp_path, "candidates/filled", seed, [0.6, 0.6 + seed / 20])
    written = files(named("best"), tmp_path)
    page = written["best.md"]
    assert "paper" not in page.lower()
    row = line(page, "+ MV, holes filled")
    assert row[2:5] == ["61.25 ± 1.77", "62.50 ± 3.54", "2"]
    assert row[5:] == ["1", "+3.75 ± 1.77", "+7.50 ± 3.54", "2"]
    assert line(page, "best")[2:4] == ["no run", "-"]
    cells = parsed(written["best.csv"])
    assert cells[0]["experiment"] == "table2/single_frame"
    assert not any(cells[0][name] for name in cells[0] if "paper" in name)
    assert r"\begin{tabular}{rlrrrrrrr}" in written["best.tex"]

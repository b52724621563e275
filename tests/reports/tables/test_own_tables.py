"""Tables that the paper does not have: of propagations, and of readings of D_inn."""

from pathlib import Path

from test_table import files, line, named, parsed

from run_folders import write_run


def test_a_table_without_published_values_does_not_mention_the_paper(tmp_path: Path):
    for seed in (0, 1):
        write_run(tmp_path, "table2/pixelwise", seed, [0.6, 0.5 + seed / 10])
        write_run(tmp_path, "inner_readings/pairwise", seed, [0.6, 0.6 + seed / 20])
    written = files(named("inner_readings"), tmp_path)
    page = written["inner_readings.md"]
    assert "paper" not in page.lower()
    assert "avg_k is the mean over offsets 0..k-1 and last_k is d = k-1." in page
    row = line(page, "pair-wise affinities (B)")
    assert row[2:5] == ["61.25 ± 1.77", "62.50 ± 3.54", "2"]
    assert row[5:] == ["1", "+3.75 ± 1.77", "+7.50 ± 3.54", "2"]
    assert line(page, "features, adapted (A)")[2:4] == ["no run", "-"]
    cells = parsed(written["inner_readings.csv"])
    assert [cell["experiment"] for cell in cells] == [
        *("table2/pixelwise", "table2/inner"),
        *("inner_readings/pairwise", "inner_readings/intra_class"),
    ]
    assert not [name for name in cells[0] if "paper" in name]
    assert r"\begin{tabular}{rlrrrrrrr}" in written["inner_readings.tex"]


def test_propagation_repeats_the_papers_values_of_table_2(tmp_path: Path):
    rows = {row.experiment: row for row in named("propagation").rows}
    published = {row.experiment: row.paper for row in named("2").rows}
    for experiment, row in rows.items():
        assert row.paper == published.get(experiment), experiment
    assert set(rows) - set(published) == {"propagation/recursive"}
    assert {row.above for row in rows.values()} == {None, "table2/single_frame"}
    for seed in (0, 1):
        write_run(tmp_path, "table2/single_frame", seed, [0.6, 0.6])
        write_run(tmp_path, "table2/mv", seed, [0.6, 0.5 - seed / 50])
    page = files(named("propagation"), tmp_path)["propagation.md"]
    moved = line(page, "vectors, accumulated, one warp")
    assert moved[5:] == ["1", "-5.50 ± 0.71", "-11.00 ± 1.41", "2", "63.0", "-1.4"]
    assert line(page, "FlowNet-S with scale map (DFF)")[9:] == ["62.5", "-1.9"]

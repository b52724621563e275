"""A table filled with runs, as pandas tables of what is printed and what is saved."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pandas import DataFrame, MultiIndex, Series

from bdnet.reports.tables.measures import (
    ABSENT,
    AVG_FIRST,
    FIRST,
    INDEX,
    fixed,
    over_seeds,
    paired_differences,
    percent,
    score_table,
)
from bdnet.reports.tables.records import FinishedRun, UnfinishedRun

MAIN = {  # measures that the main table may show: heading of the value, and of a difference
    "avg_k": ("mean d=0..{last} (avg_k)", "Δ avg_k"),
    AVG_FIRST: (f"mean d=0..{FIRST - 1}", f"Δ d=0..{FIRST - 1}"),
    "last_k": ("d={last} (last_k)", "Δ last_k"),
    "video_miou": ("whole videos", "Δ videos"),
}
FURTHER = {  # shown below, as far as a run has them
    "boundary_iou_avg_k": "Boundary IoU",
    "boundary_f_3_avg_k": "boundary F, 3 px",
    "video_miou": "mIoU, whole videos",
    "tailing_error": "tailing error",
    "smear": "smear",
    "consistency_8": "consistency, 8 frames",
    "consistency_16": "consistency, 16 frames",
}


class Row(NamedTuple):
    """A row of a table.

    above: the experiment that this one is compared with
    paper: published values by backbone, in %
    """

    experiment: str
    label: str
    above: str | None = None
    paper: Mapping[str, float] | None = None


class Contents:
    """The rows of a table on every backbone that a finished run has.

    cells:       counts and published values, by backbone and experiment
    spread:      `over_seeds` of the scores, by the same
    differences: `over_seeds` of each row minus the row above, seed by seed
    """

    def __init__(
        self,
        rows: Sequence[Row],
        runs: Sequence[FinishedRun],
        unfinished: Sequence[UnfinishedRun],
        stand_in: str | None,
    ) -> None:
        self.rows, self.unfinished, self.interval = rows, unfinished, runs[0].interval
        self.numbers = {row.experiment: number for number, row in enumerate(rows, 1)}
        published = list(dict.fromkeys(name for row in rows for name in row.paper or {}))
        measured = {run.backbone for run in runs}
        self.backbones = [name for name in published if name in measured]
        self.backbones += sorted(measured - set(published))
        self.paper_columns = {
            backbone: backbone if backbone in published else str(stand_in)
            for backbone in self.backbones
            if published
        }
        cells = [(backbone, row) for backbone in self.backbones for row in rows]
        index = MultiIndex.from_tuples(
            [(backbone, row.experiment) for backbone, row in cells], names=INDEX[:2]
        )
        order = {cell: position for position, cell in enumerate(index)}
        self.runs = sorted(runs, key=lambda run: (order[_cell(run)], run.seed))
        scores = score_table(self.runs)
        differences = paired_differences(scores, {row.experiment: row.above for row in rows})
        self.spread = over_seeds(scores).reindex(index)
        self.differences = over_seeds(differences).reindex(index)
        paper = Series(
            [(row.paper or {}).get(self.paper_columns.get(name, "")) for name, row in cells],
            index,
            dtype=float,
        )
        above = [(backbone, row.above) for backbone, row in cells]
        self.cells = DataFrame(
            {
                "label": [row.label for _, row in cells],
                "interval": self.interval,
                "seeds": _sizes(scores, index),
                "unfinished": [[*map(_cell, unfinished)].count(cell) for cell in index],
                "above": [row.above for _, row in cells],
                "pairs": _sizes(differences, index),
                "paper_backbone": [self.paper_columns.get(backbone) for backbone, _ in cells],
                "paper_percent": paper,
                "paper_difference_percent": (paper - paper.reindex(above).to_numpy()).round(6),
            }
        )

    def main(self, backbone: str, measures: Sequence[str]) -> DataFrame:
        """As printed: accuracy, the difference to another row, and the paper's values if any."""
        cells, table = self.cells.loc[backbone], self._labels(backbone)
        for name in measures:
            heading = MAIN[name][0].format(last=self.interval - 1)
            table[heading] = percent(self.spread.loc[backbone], name)
        absent = cells["unfinished"].map(lambda count: "unfinished" if count else "no run")
        table.iloc[:, 2] = table.iloc[:, 2].where(cells["seeds"] > 0, absent)
        table["seeds"] = cells["seeds"].map(_count)
        table["against row"] = [str(self.numbers.get(row.above or "", ABSENT)) for row in self.rows]
        for name in measures:
            table[MAIN[name][1]] = percent(self.differences.loc[backbone], name, "+")
        table["pairs"] = cells["pairs"].map(_count)
        if column := self.paper_columns.get(backbone):
            heading = "paper" if column == backbone else f"paper, {column}"
            table[heading] = fixed(cells["paper_percent"], ".1f")
            table["Δ paper"] = fixed(cells["paper_difference_percent"], "+.1f")
        return table

    def offsets(self, backbone: str) -> DataFrame:
        """As printed: mIoU at every offset, and the mean without the keyframes."""
        k = self.interval
        titles = {f"miou_d{d}": f"d={d}" for d in range(k)} | {"avg": f"mean d=1..{k - 1} (avg)"}
        return self._measured(backbone, titles)

    def further(self, backbone: str) -> DataFrame | None:
        """As printed: what else a run of any backbone has; None where there is nothing."""
        known = self.spread["mean"].notna().any()
        titles = {name: title for name, title in FURTHER.items() if known.get(name, False)}
        return self._measured(backbone, titles) if titles else None

    def saved(self) -> DataFrame:
        """For the CSV: one line per row and backbone, in shares of 1, the paper's values in %."""
        table = self.cells
        for kind, spread in {"": self.spread, "_difference": self.differences}.items():
            numbers = spread.copy()
            numbers.columns = [f"{name}{kind}_{which}" for which, name in numbers]
            table = table.join(numbers)
        return table.reset_index("backbone").reset_index()

    def _labels(self, backbone: str) -> DataFrame:
        labels = self.cells.loc[backbone, "label"]
        return DataFrame({"row": map(str, self.numbers.values()), "network": labels})

    def _measured(self, backbone: str, titles: Mapping[str, str]) -> DataFrame:
        spread, table = self.spread.loc[backbone], self._labels(backbone)
        return table.assign(**{title: percent(spread, name) for name, title in titles.items()})


def _cell(run: FinishedRun | UnfinishedRun) -> tuple[str, str | None]:
    return run.backbone, run.experiment


def _sizes(scores: DataFrame, index: MultiIndex) -> Series:
    return scores.groupby(level=[0, 1]).size().reindex(index, fill_value=0)


def _count(number: int) -> str:
    return str(number) if number else ABSENT

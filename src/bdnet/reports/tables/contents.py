"""A table filled with runs, as pandas tables of what is printed and what is saved."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd
from pandas import DataFrame, MultiIndex

from bdnet.reports.tables.measures import (
    ABSENT,
    AVG_FIRST,
    FIRST,
    by_offset,
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

    measures: of the main table
    stand_in: the backbone whose published values stand beside one that the paper does not have
    """

    def __init__(
        self,
        rows: Sequence[Row],
        runs: Sequence[FinishedRun],
        unfinished: Sequence[UnfinishedRun],
        measures: Sequence[str],
        stand_in: str | None,
    ) -> None:
        self.rows, self.unfinished, self.measures = rows, unfinished, measures
        self.interval = runs[0].interval
        experiments = [row.experiment for row in rows]
        self.numbers: dict[str | None, int] = {name: n for n, name in enumerate(experiments, 1)}
        self.paper = DataFrame([row.paper or {} for row in rows], experiments, dtype=float)
        published = list(self.paper)
        measured = {run.backbone for run in runs}
        self.backbones = [name for name in published if name in measured]
        self.backbones += sorted(measured - set(published))
        self.runs = sorted(
            runs,
            key=lambda run: (
                self.backbones.index(run.backbone),
                self.numbers[run.experiment],
                run.seed,
            ),
        )
        self.paper_columns = {
            backbone: backbone if backbone in published else str(stand_in)
            for backbone in self.backbones
            if published
        }
        scores = score_table(self.runs)
        differences = paired_differences(scores, {row.experiment: row.above for row in rows})
        cells = MultiIndex.from_product([self.backbones, experiments])
        self.spread, self.differences = (
            over_seeds(table).reindex(cells) for table in (scores, differences)
        )
        self.seeds, self.pairs = (
            table.groupby(level=[0, 1]).size().reindex(cells, fill_value=0)
            for table in (scores, differences)
        )

    def main(self, backbone: str) -> DataFrame:
        """As printed: accuracy, the difference to another row, and the paper's values if any."""
        spread, differences = self.spread.loc[backbone], self.differences.loc[backbone]
        waiting = {run.experiment for run in self.unfinished if run.backbone == backbone}
        table = self._labels()
        for name in self.measures:
            table[MAIN[name][0].format(last=self.interval - 1)] = percent(spread, name)
        seeds = self.seeds.loc[backbone]
        absent = ["unfinished" if row.experiment in waiting else "no run" for row in self.rows]
        table.iloc[:, 2] = table.iloc[:, 2].where(seeds > 0, absent)
        table["seeds"] = _counts(seeds)
        table["against row"] = [str(self.numbers.get(row.above, ABSENT)) for row in self.rows]
        for name in self.measures:
            table[MAIN[name][1]] = percent(differences, name, "+")
        table["pairs"] = _counts(self.pairs.loc[backbone])
        if column := self.paper_columns.get(backbone):
            head = "paper" if column == backbone else f"paper, {column}"
            table[head] = fixed(self.paper[column], ".1f")
            table["Δ paper"] = fixed(self._paper_difference(column), "+.1f")
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
        tables = []
        for backbone in self.backbones:
            waiting = [run.experiment for run in self.unfinished if run.backbone == backbone]
            table = DataFrame(
                {
                    "experiment": [row.experiment for row in self.rows],
                    "label": [row.label for row in self.rows],
                    "backbone": backbone,
                    "interval": self.interval,
                    "seeds": self.seeds.loc[backbone].array,
                    "unfinished": [waiting.count(row.experiment) for row in self.rows],
                    "above": [row.above for row in self.rows],
                    "pairs": self.pairs.loc[backbone].array,
                }
            )
            if column := self.paper_columns.get(backbone):
                table["paper_backbone"] = column
                table["paper_percent"] = self.paper[column].array
                table["paper_difference_percent"] = self._paper_difference(column).round(6).array
            for kind, spread in {"": self.spread, "_difference": self.differences}.items():
                numbers = spread.loc[backbone].reset_index(drop=True)
                numbers.columns = [f"{name}{kind}_{which}" for which, name in numbers]
                table = table.join(numbers)
            tables.append(table)
        return pd.concat(tables)

    def _labels(self) -> DataFrame:
        labels = {row.experiment: row.label for row in self.rows}
        table = DataFrame({"row": [str(number) for number in self.numbers.values()]}, list(labels))
        return table.assign(network=labels.values())

    def _measured(self, backbone: str, titles: Mapping[str, str]) -> DataFrame:
        spread, table = self.spread.loc[backbone], self._labels()
        return table.assign(**{title: percent(spread, name) for name, title in titles.items()})

    def _paper_difference(self, column: str) -> pd.Series:
        values = self.paper[column]
        return values - values.reindex([row.above for row in self.rows]).to_numpy()


def saved_runs(runs: Sequence[FinishedRun]) -> DataFrame:
    """For the CSV: one line per run and offset, in shares of 1."""
    return DataFrame(
        [
            {
                "experiment": run.experiment,
                "backbone": run.backbone,
                "seed": run.seed,
                "interval": run.interval,
                "d": d,
                **{name: values[d] for name, values in by_offset(run.scores).items()},
                **{f"iou_{name}": values[d] for name, values in run.scores["iou"].items()},
                "folder": run.folder,
                "digest": run.digest,
                "commit": run.commit,
            }
            for run in runs
            for d in range(run.interval)
        ]
    )


def _counts(numbers: pd.Series) -> list[str]:
    return [str(number) if number else ABSENT for number in numbers]

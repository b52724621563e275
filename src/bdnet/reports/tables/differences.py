"""Any runs in one table, by the settings in which they differ."""

from collections.abc import Mapping, Sequence
from typing import Any

from pandas import DataFrame, Series

from bdnet.reports.tables.errors import BadRuns
from bdnet.reports.tables.measures import over_seeds, percent, score_table
from bdnet.reports.tables.mixing import check_code
from bdnet.reports.tables.records import FinishedRun, Runs
from bdnet.reports.tables.render import Report, csv_bytes, markdown
from bdnet.runs.identity import NOT_IN_DIGEST, flat
from bdnet.runs.run import Run

# settings that differ between seeds, and those that no number depends on
IGNORED = tuple({*NOT_IN_DIGEST, "seed", "data.seed"} - {"init_from", "teacher.model.run"})
MEASURES = ("avg_k", "last_k")
MOST = 8  # columns of settings in the printed table; the CSV has all
NOTE = (
    "mIoU in %: mean over the offsets of a run's own interval (avg_k), and at the last offset "
    "(last_k); ± is the sample standard deviation over seeds."
)


class Differences:
    """One row per configuration, over its seeds; a column for each setting that differs."""

    def report(self, runs: Runs, mixed: bool) -> Report:
        finished = runs.finished
        if not finished:
            waiting = ", ".join(str(run.folder) for run in runs.unfinished)
            raise BadRuns(f"runs={runs.folder}: no finished run; unfinished: {waiting or 'none'}")
        if not mixed:
            check_code(finished)
        settings = differing([flat(_config(run)) for run in finished])
        rows = [tuple(values) for values in settings.to_numpy()]
        numbers = [list(dict.fromkeys(rows)).index(row) + 1 for row in rows]
        text = _page(runs, settings, numbers)
        scores = score_table(finished)[list(MEASURES)].reset_index("seed")
        folders = DataFrame({"folder": [run.folder for run in finished]})
        saved = folders.join(settings).join(scores.reset_index(drop=True))
        order = Series(numbers).sort_values(kind="stable").index
        return Report(text, {"runs.md": text.encode(), "runs.csv": csv_bytes(saved.loc[order])})


def differing(configs: Sequence[Mapping[str, Any]]) -> DataFrame:
    """One row per run, a column for each setting that differs; the shortest of equal ones."""
    settings = DataFrame(
        [
            {
                key: str(value)
                for key, value in config.items()
                if not f"{key}.".startswith(tuple(f"{name}." for name in IGNORED))
            }
            for config in configs
        ]
    ).fillna("-")
    settings = settings[sorted(settings, key=lambda key: (len(key), key))]
    settings = settings.loc[:, (settings != settings.iloc[0]).any()]
    settings = settings.T.drop_duplicates().T  # of no column too, where only seeds differ
    return settings[sorted(settings, key=lambda key: (key.count("."), key))]


def _page(runs: Runs, settings: DataFrame, numbers: list[int]) -> str:
    spread = over_seeds(score_table(runs.finished), Series(numbers).to_numpy())
    first = [numbers.index(number) for number in spread.index]
    names = [run.folder.parent.relative_to(runs.folder) for run in runs.finished]
    table = DataFrame(
        {
            "row": map(str, spread.index),
            "run": [str(names[position]) for position in first],
            **{key: settings[key].iloc[first].array for key in list(settings)[:MOST]},
            "seeds": [str(numbers.count(number)) for number in spread.index],
            **{name: percent(spread, name) for name in MEASURES},
        }
    )
    notes = [NOTE]
    if len(settings.columns) > MOST:
        more = len(settings.columns) - MOST
        notes.append(f"They differ in {more} more settings, which runs.csv has.")
    notes += [f"Unfinished: {run.folder}." for run in runs.unfinished]
    title = f"# {runs.folder}: {len(runs.finished)} runs, by the settings in which they differ"
    return "\n".join([title, "", markdown(table), "", *(f"- {note}" for note in notes)])


def _config(run: FinishedRun) -> Any:
    if not (run.folder / "config.yaml").is_file():
        raise BadRuns(
            f"{run.folder}: no config.yaml, by which such runs are told apart; use table=... "
            "or figure=... for experiments, or runs=FOLDER without it"
        )
    return Run(run.folder).config()

"""Any runs in one table, by what differs between them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from bdnet.reports.tables.base import Report, csv_bytes, markdown
from bdnet.reports.tables.collect import FinishedRun, Runs
from bdnet.reports.tables.errors import BadRuns
from bdnet.reports.tables.measures import Spread, measures, spread
from bdnet.reports.tables.mixing import CODE, check_facts
from bdnet.reports.tables.render import percent
from bdnet.runs.identity import APART, flat
from bdnet.runs.run import Run

# what seeds differ in, and what no number depends on
SILENT = tuple({*APART, "seed", "data.seed"} - {"init_from", "teacher.model.run"})
MEASURES = ("avg_k", "last_k")
MOST = 8  # columns of settings in the printed table; the CSV has all
NOTE = (
    "mIoU in %: mean over the offsets of a run's own interval (avg_k), and at the last offset "
    "(last_k); ± is the sample standard deviation over seeds."
)

Settings = tuple[str, ...]  # the values of a run under some keys


class Group(NamedTuple):
    """Runs that differ in nothing but the seed."""

    settings: Settings
    runs: list[FinishedRun]


class Differences:
    """One row per configuration, over its seeds; a column for each key that tells them apart."""

    def report(self, runs: Runs, mixed: bool) -> Report:
        finished = runs.finished
        if not finished:
            waiting = ", ".join(str(run.folder) for run in runs.unfinished)
            raise BadRuns(f"runs={runs.folder}: no finished run; unfinished: {waiting or 'none'}")
        if not mixed:
            check_facts(finished, CODE, "train again, or say mixed=true to have them side by side")
        found = [{key: str(value) for key, value in flat(_config(run)).items()} for run in finished]
        keys = differing(found)
        by_settings: dict[Settings, list[FinishedRun]] = defaultdict(list)
        for run, settings in zip(finished, found, strict=True):
            by_settings[tuple(settings.get(key, "-") for key in keys)].append(run)
        lines = [Group(*each) for each in by_settings.items()]  # as their folders follow
        text = _page(runs, keys, lines)
        return Report(text, {"runs.md": text.encode(), "runs.csv": _csv(keys, lines)})


def differing(settings: Sequence[dict[str, str]]) -> list[str]:
    """The keys that tell runs apart; of those that do it alike, the shortest."""
    found: dict[Settings, str] = {}
    for key in sorted({key for each in settings for key in each}, key=lambda key: (len(key), key)):
        values = tuple(each.get(key, "-") for each in settings)
        if len({*values}) > 1 and not f"{key}.".startswith(tuple(f"{each}." for each in SILENT)):
            found.setdefault(values, key)
    return sorted(found.values(), key=lambda key: (key.count("."), key))


def _config(run: FinishedRun) -> Any:
    if not (run.folder / "config.yaml").is_file():
        raise BadRuns(
            f"{run.folder}: no config.yaml, by which such runs are told apart; say table=... "
            "or figure=... for experiments, or runs=FOLDER without it"
        )
    return Run(run.folder).config()


def _page(runs: Runs, keys: Sequence[str], lines: Sequence[Group]) -> str:
    shown = keys[:MOST]
    head = ["row", "run", *shown, "seeds", *MEASURES]
    body = [
        [
            str(number),
            str(line.runs[0].folder.parent.relative_to(runs.folder)),
            *line.settings[:MOST],
            str(len(line.runs)),
            *(percent(_spread(line.runs, name)) for name in MEASURES),
        ]
        for number, line in enumerate(lines, 1)
    ]
    notes = [NOTE]
    if len(keys) > MOST:
        notes.append(f"They differ in {len(keys) - MOST} more keys, which runs.csv has.")
    notes += [f"Unfinished: {run.folder}." for run in runs.unfinished]
    title = f"# {runs.folder}: {len(runs.finished)} runs, by what differs between them"
    return "\n".join([title, "", markdown(head, body), "", *(f"- {note}" for note in notes)])


def _spread(runs: Sequence[FinishedRun], measure: str) -> Spread | None:
    return spread([measures(run.scores).get(measure) for run in runs])


def _csv(keys: Sequence[str], lines: Sequence[Group]) -> bytes:
    return csv_bytes(
        {
            "folder": run.folder,
            **dict(zip(keys, line.settings, strict=True)),
            "seed": run.seed,
            **{name: value for name, value in measures(run.scores).items() if name in MEASURES},
        }
        for line in lines
        for run in line.runs
    )

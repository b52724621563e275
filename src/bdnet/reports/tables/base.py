"""What a table or figure hands over, and how it becomes files."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from bdnet.reports.tables.collect import Runs


class Report(NamedTuple):
    """A table or figure of some runs.

    text:  Markdown, to be printed
    files: contents by file name
    """

    text: str
    files: Mapping[str, bytes]


class Reporter(Protocol):
    """What conf/table and conf/figure configure."""

    def report(self, runs: Runs, mixed: bool) -> Report: ...


def csv_bytes(rows: Iterable[Mapping[str, object]]) -> bytes:
    """One line per row under the names of all rows; None and what a row lacks stay empty."""
    rows = list(rows)
    names = list(dict.fromkeys(name for row in rows for name in row))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()


def markdown(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """A table; its second column is words, the others are numbers."""
    rule = ["---" if column == 1 else "---:" for column in range(len(head))]
    rows = [[cell.replace("|", r"\|") for cell in row] for row in [head, *body]]
    return "\n".join(f"| {' | '.join(row)} |" for row in [rows[0], rule, *rows[1:]])

"""Tables as text: Markdown for people, LaTeX for papers, CSV for programs."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pandas import DataFrame


class Report(NamedTuple):
    """A table or figure of some runs.

    text:  Markdown, to be printed
    files: contents by file name
    """

    text: str
    files: Mapping[str, bytes]


def csv_bytes(table: DataFrame) -> bytes:
    """Undefined cells are empty."""
    text: str = table.to_csv(index=False, lineterminator="\n")
    return text.encode()


def markdown(table: DataFrame) -> str:
    """A table of strings; its second column is words, the others are numbers."""
    rule = ["---" if column == 1 else "---:" for column in range(len(table.columns))]
    rows = [[cell.replace("|", r"\|") for cell in row] for row in [table, *table.to_numpy()]]
    return "\n".join(f"| {' | '.join(row)} |" for row in [rows[0], rule, *rows[1:]])


def latex(tables: Mapping[str, DataFrame], comments: Sequence[str], words: str) -> str:
    """A tabular (for booktabs) of each table of strings, below its name and the comments.

    words: the alignment of the columns before the numbers, such as `rl`
    """
    parts = ["".join(f"% {line}\n" for line in [*comments, r"needs \usepackage{booktabs}"])]
    for name, table in tables.items():
        style = table.style.hide(axis="index").format(escape="latex")
        style = style.format_index(escape="latex", axis="columns")
        columns = words + "r" * (len(table.columns) - len(words))
        text = style.to_latex(column_format=columns, hrules=True).replace("Δ", r"$\Delta$")
        text = re.sub(r"(?<!\w)-(?=\d)", "$-$", text)  # a hyphen before a digit is a minus
        parts.append(f"% {name}\n{text}")
    return "\n".join(parts)

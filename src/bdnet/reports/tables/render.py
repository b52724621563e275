"""A filled table as Markdown and LaTeX: for readers."""

import re

from bdnet.reports.tables.base import markdown
from bdnet.reports.tables.contents import Cell, Contents
from bdnet.reports.tables.measures import AVG_FIRST, FIRST, Spread
from bdnet.reports.tables.notes import notes

ABSENT = "-"
MAIN = {  # what the main table may show, of interval k, and what it calls a difference of it
    "avg_k": ("mean d=0..{last} (avg_k)", "Δ avg_k"),
    AVG_FIRST: (f"mean d=0..{FIRST - 1}", f"Δ d=0..{FIRST - 1}"),
    "last_k": ("d={last} (last_k)", "Δ last_k"),
    "video_miou": ("whole videos", "Δ videos"),
}
OTHERS = {  # further measures, as far as the runs have them
    "boundary_iou_avg_k": "Boundary IoU",
    "boundary_f_3_avg_k": "boundary F, 3 px",
    "video_miou": "mIoU, whole videos",
    "tailing_error": "tailing error",
    "smear": "smear",
    "consistency_{}": "consistency, {} frames",
}
FURTHER = "Further measures in % (px at 1024x2048, scaled with the diagonal; more in the CSV):"
TEX = {
    **{each: f"\\{each}" for each in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "±": r"$\pm$",
    "Δ": r"$\Delta$",
}


def page(contents: Contents) -> str:
    """Markdown: per backbone the table, the offsets and the other measures, then the notes."""
    parts = [f"# {contents.title}"]
    for backbone, cells in contents.cells.items():
        parts += [f"## {backbone}", markdown(*main_table(contents, backbone))]
        parts += ["mIoU by offset d from the keyframe:", markdown(*_offsets(contents, cells))]
        head, body = _others(contents, cells)
        if len(head) > 2:
            parts += [FURTHER, markdown(head, body)]
    parts.append("\n".join(f"- {note}" for note in notes(contents)))
    return "\n\n".join(parts) + "\n"


def latex(contents: Contents) -> str:
    """A tabular for booktabs; the notes stand above it as comments."""
    lines = [contents.title, r"needs \usepackage{booktabs}", *notes(contents)]
    lines = [f"% {line}" for line in lines]
    for place, backbone in enumerate(contents.cells):
        head, body = main_table(contents, backbone)
        if place == 0:
            lines += [rf"\begin{{tabular}}{{rl{'r' * (len(head) - 2)}}}", r"\toprule"]
        lines.append(rf"\multicolumn{{{len(head)}}}{{l}}{{{escape(backbone)}}} \\")
        lines += [r"\midrule", tex_row(head), r"\midrule", *map(tex_row, body)]
        lines.append(r"\midrule" if place + 1 < len(contents.cells) else r"\bottomrule")
    return "\n".join([*lines, r"\end{tabular}"]) + "\n"


def escape(text: str) -> str:
    """Text as LaTeX prints it; a hyphen before a digit is a minus."""
    escaped = "".join(TEX.get(letter, letter) for letter in text)
    return re.sub(r"(?<!\w)-(?=\d)", "$-$", escaped)


def main_table(contents: Contents, backbone: str) -> tuple[list[str], list[list[str]]]:
    """Head and body: accuracy, the comparison with another row, and the paper's values if any."""
    names, column = contents.measures, contents.columns.get(backbone)
    titles = [MAIN[name][0].format(last=contents.interval - 1) for name in names]
    head = ["row", "network", *titles, "seeds"]
    head += ["against row", *(MAIN[name][1] for name in names), "pairs"]
    if column is not None:
        head += ["paper" if column == backbone else f"paper, {column}", "Δ paper"]
    body = []
    for number, cell in enumerate(contents.cells[backbone], 1):
        value, difference = contents.published(cell.row, backbone)
        values = [percent(cell.spreads.get(name)) for name in names]
        if not cell.runs:
            values[0] = "unfinished" if cell.unfinished else "no run"
        above = cell.row.above
        line = [
            str(number),
            cell.row.label,
            *values,
            str(len(cell.runs)) if cell.runs else ABSENT,
            str(contents.number(above)) if above else ABSENT,
            *(percent(cell.differences.get(name), "+") for name in names),
            str(len(cell.pairs)) if cell.pairs else ABSENT,
        ]
        if column is not None:
            line.append(ABSENT if value is None else f"{value:.1f}")
            line.append(ABSENT if difference is None else f"{difference:+.1f}")
        body.append(line)
    return head, body


def percent(found: Spread | None, sign: str = "") -> str:
    """In %: `54.32 ± 0.41`; a single seed has no deviation."""
    if found is None:
        return ABSENT
    mean = f"{100 * found.mean:{sign}.2f}"
    return mean if found.deviation is None else f"{mean} ± {100 * found.deviation:.2f}"


def _offsets(contents: Contents, cells: list[Cell]) -> tuple[list[str], list[list[str]]]:
    """Head and body: every offset, and the mean without the keyframes."""
    k = contents.interval
    named = {f"miou_d{d}": f"d={d}" for d in range(k)} | {"avg": f"mean d=1..{k - 1} (avg)"}
    return _measured(cells, named)


def _others(contents: Contents, cells: list[Cell]) -> tuple[list[str], list[list[str]]]:
    """Head and body: the measures beside mIoU that some run on some backbone has."""
    every = [cell for cells in contents.cells.values() for cell in cells]
    names = dict.fromkeys(name for cell in every for name, found in cell.spreads.items() if found)
    named = {}
    for pattern, title in OTHERS.items():
        for name in names:
            match = re.fullmatch(pattern.format(r"([\d.]+)"), name)
            if match:
                named[name] = title.format(*match.groups())
    return _measured(cells, named)


def _measured(cells: list[Cell], named: dict[str, str]) -> tuple[list[str], list[list[str]]]:
    body = [
        [str(number), cell.row.label, *(percent(cell.spreads.get(name)) for name in named)]
        for number, cell in enumerate(cells, 1)
    ]
    return ["row", "network", *named.values()], body


def tex_row(cells: list[str]) -> str:
    """A line of a tabular."""
    return " & ".join(map(escape, cells)) + r" \\"

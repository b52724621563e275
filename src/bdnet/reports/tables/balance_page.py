"""A table of accuracy and seconds as Markdown, LaTeX and CSV."""

from collections.abc import Iterator

from bdnet.reports.tables.balance import Balance, CostLine
from bdnet.reports.tables.base import csv_bytes, markdown
from bdnet.reports.tables.benchmarks import COMMAND, Benchmark
from bdnet.reports.tables.notes import listed, notes, program
from bdnet.reports.tables.render import ABSENT, percent, tex_row

NETWORK = ("precision", "layout", "threads", "size", "classes")  # facts of all networks
MACHINE = ("processor", "cores", "torch")


def lines_page(balance: Balance) -> str:
    """Markdown: one table, then the notes."""
    head, groups = _table(balance)
    body = [line for group in groups for line in group]
    remarks = "\n".join(f"- {note}" for note in _notes(balance))
    return f"# {balance.contents.title}\n\n{markdown(head, body)}\n\n{remarks}\n"


def lines_latex(balance: Balance) -> str:
    """A tabular for booktabs; the notes stand above it as comments."""
    head, groups = _table(balance)
    comments = [balance.contents.title, r"needs \usepackage{booktabs}", *_notes(balance)]
    lines = [f"% {line}" for line in comments]
    lines += [rf"\begin{{tabular}}{{rll{'r' * (len(head) - 3)}}}", r"\toprule", tex_row(head)]
    for group in groups:
        lines += [r"\midrule", *map(tex_row, group)]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def lines_csv(balance: Balance) -> bytes:
    """One line per row and backbone; shares of 1, but the paper's mIoU in %."""
    return csv_bytes(_flat(balance, line) for group in balance.groups() for line in group)


def _table(balance: Balance) -> tuple[list[str], list[list[list[str]]]]:
    """Head, and body in groups."""
    k = balance.contents.interval
    head = ["row", "network", "backbone", f"mean d=0..{k - 1} (avg_k)", f"d={k - 1} (last_k)"]
    head += ["seeds", "paper mIoU", "s/frame", "relative", "paper s/frame", "paper relative"]
    groups = []
    for number, group in enumerate(balance.groups()):
        rows = enumerate(group, 1)
        groups.append([_cells(line, str(row) if number else ABSENT) for row, line in rows])
    return head, groups


def _cells(line: CostLine, number: str) -> list[str]:
    cell, speed, paper = line.cell, line.speed, line.paper
    none = "unfinished" if cell.unfinished else "no run"
    unknown = "not measured" if line.contender else ABSENT
    return [
        number,
        cell.row.label,
        line.backbone,
        percent(cell.spreads.get("avg_k")) if cell.runs else none,
        percent(cell.spreads.get("last_k")),
        str(len(cell.runs)) if cell.runs else ABSENT,
        _fixed(paper.percent, 1),
        _fixed(speed.seconds, 3) if speed else unknown,
        _fixed(speed and speed.ratio, 2),
        _fixed(paper.seconds, 2),
        _fixed(paper.ratio, 2),
    ]


def _fixed(value: float | None, digits: int) -> str:
    return ABSENT if value is None else f"{value:.{digits}f}"


def _notes(balance: Balance) -> list[str]:
    return [*notes(balance.contents), *_of_teachers(balance), *_of_seconds(balance)]


def _of_teachers(balance: Balance) -> Iterator[str]:
    """On what they were judged, where it is not what the others were."""
    k = balance.contents.interval
    targets = balance.contents.runs()[0].data["targets"]
    for line in balance.teachers:
        label = f"{line.cell.row.label} on {line.backbone}"
        if line.cell.unfinished:
            yield f"Unfinished, not counted: {label}, seeds {listed(line.cell.unfinished)}."
        if not line.cell.runs:
            continue
        first = next(iter(line.cell.runs.values()))
        yield (
            f"{label}: interval {first.interval}, {first.data['targets']} targets, "
            f"steps {first.steps}, seeds {listed(line.cell.runs)}, {program(first)}."
        )
        if (first.interval, first.data["targets"]) != (k, targets):
            yield (
                f"The others have interval {k} and {targets} targets; to score it on them: "
                f"python -m bdnet.evaluate run={first.folder} interval={k}"
            )


def _of_seconds(balance: Balance) -> Iterator[str]:
    if not balance.benchmarks:
        yield f"Seconds: not measured; {COMMAND}, then costs=FILE that it writes."
        return
    k = balance.contents.interval
    yield (
        f"s/frame: from pixels to label map, without decoding, amortised over the {k} frames from "
        "a keyframe to the next; relative: to the single-frame network on the same backbone in the "
        "same round; both are medians over the rounds."
    )
    for benchmark in balance.benchmarks:
        yield f"{benchmark.path}: {listed(_facts(benchmark))}."
    shown = set(balance.lines)
    for benchmark in balance.benchmarks:
        further = [backbone for backbone in benchmark.comparisons if backbone not in shown]
        if further:
            yield f"{benchmark.path} has {listed(further)} too, of which there are no runs."


def _facts(benchmark: Benchmark) -> Iterator[str]:
    """What decides the seconds."""
    gpu = benchmark.facts.get("GPU")
    if gpu:
        yield str(gpu)
    for source, names in ((benchmark.machine, MACHINE), (benchmark.facts, NETWORK)):
        yield from (f"{name} {source[name]}" for name in names if name in source)
    for comparison in benchmark.comparisons.values():
        rounds = {len(frames.key.seconds) for frames in comparison.networks.values()}
        yield f"{' or '.join(map(str, sorted(rounds)))} rounds on {comparison.backbone}"


def _flat(balance: Balance, line: CostLine) -> dict[str, object]:
    cell, speed, paper = line.cell, line.speed, line.paper
    found: dict[str, object] = {
        "experiment": cell.row.experiment,
        "label": cell.row.label,
        "backbone": line.backbone,
        "interval": next((run.interval for run in cell.runs.values()), None),
        "seeds": len(cell.runs),
        "unfinished": len(cell.unfinished),
    }
    for name in ("avg_k", "last_k"):
        each = cell.spreads.get(name)
        found |= {f"{name}_mean": each and each.mean, f"{name}_std": each and each.deviation}
    found |= {"contender": line.contender, "rounds": len(speed.relative) if speed else None}
    for name, value, values in (
        ("seconds", speed and speed.seconds, speed.cost.seconds if speed else ()),
        ("relative", speed and speed.ratio, speed.relative if speed else ()),
    ):
        found |= {f"{name}_median": value, f"{name}_lowest": min(values, default=None)}
        found[f"{name}_highest"] = max(values, default=None)
    return found | {
        "gflops": speed and speed.cost.gflops,
        "paper_backbone": balance.contents.columns.get(line.backbone),
        "paper_percent": paper.percent,
        "paper_seconds": paper.seconds,
        "paper_relative": paper.ratio and round(paper.ratio, 6),
    }

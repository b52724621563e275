"""Our docstrings for mkdocstrings: `name: what it is`, one a line, becomes a list."""

import re
from typing import Any

import griffe

DESCRIBED = re.compile(r"^(\w+(?:, \w+)*): +(?=\S)")


class DescribedArguments(griffe.Extension):
    """Turns lines that describe arguments or fields into items of a list."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring is not None:
            obj.docstring.value = as_list(obj.docstring.value)


def as_list(text: str) -> str:
    """Continuation lines, which are indented under an item, join it."""
    lines: list[str] = []
    in_item = False
    for line in text.splitlines():
        if described := DESCRIBED.match(line):
            lines += [""] * (not in_item)
            names = ", ".join(f"`{name}`" for name in described[1].split(", "))
            lines.append(f"- {names}: {line[described.end() :]}")
            in_item = True
        elif in_item and line.startswith("  "):
            lines[-1] += f" {line.strip()}"
        else:
            in_item = False
            lines.append(line)
    return "\n".join(lines)

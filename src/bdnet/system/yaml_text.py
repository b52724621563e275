"""Text of YAML files that may come from strangers, refused where reading it would take too much."""

from pathlib import Path

import yaml

from bdnet.errors import BdnetError

BYTES = 4 * 2**20
NODES = 100_000  # with aliases counted as often as they are used
DEPTH = 64
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is ten times as fast


def yaml_text(path: Path, nodes: int = NODES) -> str:
    """The file's text; raises BdnetError for what is no file, not UTF-8, no YAML, or too much."""
    if not path.is_file():
        raise BdnetError(f"{path}: no file")
    if path.stat().st_size > BYTES:
        raise BdnetError(f"{path}: {path.stat().st_size} bytes; at most {BYTES} are read")
    try:
        text = path.read_text("utf-8")
        problem = _problem(text, nodes)
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise BdnetError(
            f"{path}: cannot be read as YAML ({error}); correct it, or copy it again"
        ) from error
    if problem:
        raise BdnetError(f"{path}: {problem}")
    return text


def _problem(text: str, nodes: int) -> str | None:
    """Counts what the parser finds, without building it."""
    sizes: dict[str | None, int] = {}  # of the complete nodes with an anchor
    open_nodes: list[tuple[str | None, int]] = [(None, 0)]
    for event in yaml.parse(text, LOADER):
        anchor = getattr(event, "anchor", None)
        if isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append((anchor, 1))
            if len(open_nodes) > DEPTH:
                return f"nested more than {DEPTH} deep"
            continue
        if isinstance(event, yaml.AliasEvent):
            if anchor not in sizes:
                return f"{anchor} holds itself"
            size = sizes[anchor]
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = open_nodes.pop()
        else:
            size = int(isinstance(event, yaml.ScalarEvent))
        sizes[anchor] = size
        parent, count = open_nodes[-1]
        open_nodes[-1] = parent, count + size
        if count + size > nodes:
            return f"more than {nodes} values"
    return None

"""Measures a part of the package on this machine: `python -m bdnet.benchmark target=codec`."""

import json
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig

from bdnet.benchmarks.base import machine
from bdnet.cli.application import application
from bdnet.runs.record import commit


@application("benchmark", resumes=False)
def main(config: DictConfig) -> None:
    measurement = instantiate(config.target, _convert_="all").measure(config.repeats)
    here = machine()
    result = {
        "machine": here,
        "commit": commit(),
        "facts": measurement.facts,
        **measurement.record(),
        "notes": measurement.notes,
    }
    facts = [f"- {name}: {value}" for name, value in {**measurement.facts, **here}.items()]
    notes = [f"- {name}: {value}" for name, value in measurement.notes.items()]
    text = "\n".join([measurement.table(), "", *notes, *facts]) + "\n"
    output = Path(config.output)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.with_suffix(".json").write_text(json.dumps(result, indent=2) + "\n")
    output.with_suffix(".md").write_text(text)
    print(text)
    print(f"written to {output.with_suffix('.json')} and {output.with_suffix('.md')}")


if __name__ == "__main__":
    main()

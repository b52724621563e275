"""Measures a part of the package on this machine: `python -m bdnet.benchmark target=codec`."""

import json
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig

from bdnet.benchmarks.base import CannotMeasure, Pictured, machine
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
    written = [output.with_suffix(".json"), output.with_suffix(".md")]
    if isinstance(measurement, Pictured):
        try:
            output.with_suffix(".png").write_bytes(measurement.picture())
            written.append(output.with_suffix(".png"))
        except CannotMeasure as error:  # long work is not lost for want of a picture
            print(error)
    print(text)
    print(f"written: {', '.join(map(str, written))}")


if __name__ == "__main__":
    main()

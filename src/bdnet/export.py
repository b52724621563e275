"""Exports a run's network as graphs: `python -m bdnet.export run=RUN_FOLDER output=FOLDER`."""

from omegaconf import DictConfig

from bdnet.cli.application import application
from bdnet.inference.graphs.export import export


@application("export", resumes=False)
def main(config: DictConfig) -> None:
    export(config)


if __name__ == "__main__":
    main()

"""Trains and tests a run: `python -m bdnet.train experiment=table2/mv`."""

from omegaconf import DictConfig

from bdnet.cli.application import application
from bdnet.training.job import train


@application("train")
def main(config: DictConfig) -> None:
    train(config)


if __name__ == "__main__":
    main()

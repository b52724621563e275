"""Trains and tests a run: `python -m bdnet.train experiment=table2/mv`."""

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from bdnet.cli.application import application
from bdnet.training.job import train


@application("train")
def main(config: DictConfig) -> None:
    hydra = HydraConfig.get()
    train(config, dict(hydra.runtime.choices), list(hydra.overrides.task))


if __name__ == "__main__":
    main()

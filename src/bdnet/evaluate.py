"""Evaluates a run again: `python -m bdnet.evaluate run=runs/NAME/seed=0 interval=10`."""

from omegaconf import DictConfig

from bdnet.cli.application import application
from bdnet.training.evaluation import evaluate


@application("evaluate", resumes=False)
def main(config: DictConfig) -> None:
    evaluate(config)


if __name__ == "__main__":
    main()

"""Segments videos: `python -m bdnet.predict run=runs/NAME/seed=0 video=FILE output=FOLDER`."""

from omegaconf import DictConfig

from bdnet.cli.application import application
from bdnet.inference.prediction import predict_all


@application("predict", resumes=False)
def main(config: DictConfig) -> None:
    predict_all(config)


if __name__ == "__main__":
    main()

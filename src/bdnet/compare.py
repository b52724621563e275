"""A network on keyframes beside itself on every frame: `bdnet compare network=NAME video=FILE`."""

from pathlib import Path

from omegaconf import DictConfig

from bdnet.cli.application import application
from bdnet.inference.accelerate.configured import accelerated_of
from bdnet.system.files import check_file


@application("compare", resumes=False)
def main(config: DictConfig) -> None:
    if config.page is not None:
        check_file(Path(config.page))
    comparison = accelerated_of(config).compare(
        config.video, config.frames, config.labels, config.motion, config.search
    )
    print(comparison)
    if config.page is not None:
        print(f"\n-> {comparison.html(Path(config.page))}")


if __name__ == "__main__":
    main()

"""Describes a video or checks a data set: `python -m bdnet.probe video=FILE`, or `data=NAME`."""

import sys
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig

from bdnet.cli.application import application
from bdnet.codec.description import describe, source_of_motion
from bdnet.codec.search import check_motion
from bdnet.errors import BdnetError


@application("probe")
def main(config: DictConfig) -> None:
    is_data_set = config.data is not None and "_target_" in config.data
    if (config.video is not None) == is_data_set:
        raise BdnetError("choose what to look at: video=FILE, or data=NAME (streets, camvid, ...)")
    if config.video is not None:
        check_motion(config.motion, config.search)
        info = describe(config.video, config.track)
        print(info)
        if config.motion == "stream" and not info.exports_vectors:
            raise BdnetError(f"{config.video}: no vectors of its own; use motion=search or auto")
        source = source_of_motion(config.video, config.motion, config.search, config.track)
        print(f"  motion      {source} (motion={config.motion})")
        return
    # slow imports that a video does not need
    from bdnet.reports.dataset.inspection import inspect  # noqa: PLC0415

    module = instantiate(config.data, _convert_="all")
    module.prepare_data()
    problems = inspect(
        module, config.split, list(config.distances), config.clips, Path(config.sheet)
    )
    if problems:
        sys.exit("\n".join(f"problem: {problem}" for problem in problems))


if __name__ == "__main__":
    main()

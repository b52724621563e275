"""A network on keyframes beside itself on every frame: `bdnet compare network=NAME video=FILE`."""

from pathlib import Path

from omegaconf import DictConfig

from bdnet.cli.application import application
from bdnet.errors import BdnetError
from bdnet.inference.accelerate.comparisons import compare_each
from bdnet.inference.accelerate.configured import accelerated_of
from bdnet.inference.many_videos import find_videos
from bdnet.system.files import check_file
from bdnet.system.shards import shard_of


@application("compare", resumes=False)
def main(config: DictConfig) -> None:
    videos, shard = find_videos(config.video), shard_of(config.shard, config.shards)
    if len(videos) > 1 or shard.total > 1:
        if config.film is not None:
            raise BdnetError(f"film={config.film}: of one video; leave it out for several")
        compare_each(config, videos, shard)
        return
    for result in (config.page, config.film):
        if result is not None:
            check_file(Path(result))
    (video,) = videos.values()
    options = {
        key: config[key] for key in ("frames", "labels", "motion", "search", "track", "film")
    }
    comparison = accelerated_of(config).compare(video, **options)
    print(comparison)
    if config.film is not None:
        print(f"\n-> {config.film}")
    if config.page is not None:
        print(f"\n-> {comparison.html(Path(config.page))}")


if __name__ == "__main__":
    main()

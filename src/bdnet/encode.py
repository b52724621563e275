"""Encodes images or any video as clean streams: `python -m bdnet.encode input=... output=...`."""

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig

from bdnet.cli.application import application
from bdnet.codec.finding import find_sources
from bdnet.codec.transcode import plan, transcode_all
from bdnet.system.shards import shard_of


@application("encode")
def main(config: DictConfig) -> None:
    encoding = instantiate(config.encoding)
    choices = {"track": config.track, "skips_damage": config.damaged == "skip"}
    sources = [replace(source, **choices) for source in find_sources(config.input)]
    shard = shard_of(config.shard, config.shards)
    jobs = shard.of(plan(sources, Path(config.output), encoding, config.fps, config.overwrite))
    counts: Counter[str] = Counter()
    failures = []
    for outcome in transcode_all(jobs, config.processes):
        counts[outcome.status] += 1
        if outcome.status == "failed":
            failures.append(outcome.detail)
        elif outcome.detail:
            print(outcome.detail)
    summary = ", ".join(f"{counts[status]} {status}" for status in ("done", "skipped", "failed"))
    print(f"{summary}; clean streams in {config.output}")
    if failures:
        sys.exit("\n".join(f"failed: {failure}" for failure in failures))


if __name__ == "__main__":
    main()

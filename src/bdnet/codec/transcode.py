"""Encodes many sequences as clean streams, in several processes, resumable."""

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import av
from tqdm import tqdm

from bdnet.codec.encoding import Encoding, WriteError
from bdnet.codec.finding import result_names
from bdnet.codec.sources import Source
from bdnet.codec.writer import VideoWriter
from bdnet.errors import BdnetError, naming
from bdnet.system.machine import cores
from bdnet.system.workers import worker_pool


@dataclass(frozen=True)
class TranscodeJob:
    """One sequence and its output file.

    fps:       frames per second; None keeps a video's own (25 for images)
    keyframes: frames that become codec keyframes besides those of the encoding's interval
    """

    source: Source
    output: Path
    encoding: Encoding
    fps: float | None = None
    overwrite: bool = False
    keyframes: tuple[int, ...] = ()

    def recipe(self) -> str:
        """Settings and content of the file, which are stored in it."""
        facts = {**self.encoding.facts(), "fps": self.fps, "source": self.source.signature()}
        if self.source.track is not None:
            facts["track"] = self.source.track
        if self.source.skips_damage:
            facts["damaged"] = "skip"
        if self.keyframes:
            facts["keyframes"] = self.keyframes
        return json.dumps({"bdnet": facts}, sort_keys=True)


@dataclass(frozen=True)
class Transcoded:
    """The result of a job; `detail` is the reason of a failure, or what a file lacks."""

    output: Path
    status: Literal["done", "skipped", "failed"]
    detail: str = ""
    frames: int = 0


def plan(
    sources: list[Source], output: Path, encoding: Encoding, fps: float | None, overwrite: bool
) -> list[TranscodeJob]:
    """One job per sequence: a single one may become the file `output`, others lie below it."""
    is_file = len(sources) == 1 and output.suffix
    jobs = []
    for name, source in result_names(sources).items():
        target = output if is_file else output / name.with_name(f"{name.name}.mp4")
        if target.resolve() in {file.resolve() for file in source.files}:
            raise WriteError(f"output={target} is the input itself; name another file or folder")
        jobs.append(TranscodeJob(source, target, encoding, fps, overwrite))
    return jobs


def transcode(
    job: TranscodeJob, watch: Callable[[Iterable[object]], Iterable[object]] = iter
) -> Transcoded:
    """Encodes one sequence unless its file exists; a failure is returned, not raised.

    watch wraps the iteration over frames, for a progress bar.
    """
    try:
        if job.output.exists() and not job.overwrite:
            return _compare(job)
        fps = job.fps or job.source.fps() or 25
        recipe = {"comment": job.recipe()}
        lacks: list[str] = []
        with VideoWriter(job.output, fps, job.encoding, recipe, job.keyframes) as writer:
            for picture in watch(job.source.pictures(lacks)):
                writer.write(picture)  # type: ignore[arg-type]  # watch changes no element
        detail = f"{job.source.path}: {'; '.join(lacks)}" if lacks else ""
        return Transcoded(job.output, "done", detail, writer.frames)
    except (BdnetError, OSError) as error:
        return Transcoded(job.output, "failed", naming(job.source.path, error))


def _compare(job: TranscodeJob) -> Transcoded:
    """Checks the recipe of a file that exists, and so is complete."""
    try:
        with av.open(str(job.output)) as container:
            recipe = container.metadata.get("comment")
    except av.error.FFmpegError:
        recipe = None  # of another kind of file
    if recipe == job.recipe():
        return Transcoded(job.output, "skipped")
    return Transcoded(
        job.output,
        "failed",
        f"{job.output} exists and was made from other content or with other settings; "
        "use overwrite=true or another output",
    )


def transcode_all(jobs: list[TranscodeJob], processes: int | None = None) -> Iterator[Transcoded]:
    """Encodes every job and yields each result as it comes, with a progress bar."""
    if len(jobs) == 1:
        count = len(jobs[0].source)
        yield transcode(jobs[0], lambda frames: tqdm(frames, "encode", count, unit="frame"))
        return
    with tqdm(total=len(jobs), desc="encode", unit="sequence") as bar:
        for outcome in _run(jobs, processes or cores()):
            bar.update()
            yield outcome


def _run(jobs: list[TranscodeJob], processes: int) -> Iterator[Transcoded]:
    unfinished = set(range(len(jobs)))
    with worker_pool(min(processes, len(jobs))) as pool:
        futures = {pool.submit(transcode, job): number for number, job in enumerate(jobs)}
        try:
            for future in as_completed(futures):
                outcome = future.result()
                unfinished.remove(futures[future])
                yield outcome
        except BrokenProcessPool:
            pass  # a process was killed, which ends the pool; the unfinished jobs follow one by one
    for number in sorted(unfinished):
        with worker_pool(1) as pool:
            yield _outcome(pool.submit(transcode, jobs[number]), jobs[number])


def _outcome(future: Future[Transcoded], job: TranscodeJob) -> Transcoded:
    try:
        return future.result()
    except BrokenProcessPool:
        detail = f"{job.source.path}: its process was killed (out of memory?)"
        return Transcoded(job.output, "failed", detail)

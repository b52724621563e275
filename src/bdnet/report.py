"""Makes tables and figures from run folders: `python -m bdnet.report table=2 runs=...`."""

from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig

from bdnet.cli.application import application
from bdnet.errors import BdnetError
from bdnet.reports.tables.collect import collect
from bdnet.reports.tables.differences import Differences
from bdnet.reports.tables.render import Report
from bdnet.reports.tables.results_csv import results_csv
from bdnet.system.files import write


@application("report", resumes=False)
def main(config: DictConfig) -> None:
    make(config)


def make(config: DictConfig) -> None:
    """Prints and writes a table, a figure or both; by default, all runs and their differences."""
    wanted = [choice for choice in (config.table, config.figure) if choice is not None]
    if config.costs is not None and "costs" not in (config.table or {}):
        raise BdnetError(f"costs={config.costs}: only table=1 shows costs; use it, or remove costs")
    publishes = _publishes(config)
    reporters = [instantiate(choice, _convert_="all") for choice in wanted] or [Differences()]
    runs = collect(Path(config.runs))
    reports = [reporter.report(runs, config.mixed) for reporter in reporters]
    if not wanted:
        reports.append(Report("", {"results.csv": results_csv(runs.finished)}))
    for report in reports:
        print(report.text)
    for report in reports:
        for name, content in report.files.items():
            write(Path(config.output) / name, content)
        print(f"written to {config.output}: {', '.join(report.files)}")
    if publishes:
        from bdnet.reports.tables.publish import publish  # noqa: PLC0415 - wandb takes seconds to import

        print(f"on Weights & Biases: {publish(reports, Path(config.output), config.logger.wandb)}")


def _publishes(config: DictConfig) -> bool:
    others = [str(name) for name in config.logger if name != "wandb"]
    if others:
        raise BdnetError(f"logger={','.join(others)}: a report goes to logger=wandb, or nowhere")
    return "wandb" in config.logger


if __name__ == "__main__":
    main()

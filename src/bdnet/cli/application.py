"""Hydra applications: checks of the command line, error messages, interruption, and --help."""

import errno
import functools
import logging
import multiprocessing
import os
import re
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, InstantiationException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationKeyError, MissingMandatoryValue
from tqdm import tqdm

from bdnet.cli.help import print_help
from bdnet.errors import BdnetError
from bdnet.runs.renamed import new_name
from bdnet.system.interruption import prefer_termination, signal_of, sigterm_raises

PACKAGE = Path(__file__).parent.parent
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
LAUNCHERS = {"submitit": "slurm", "joblib": "joblib"}  # and the extra that installs each
UNKNOWN_ARGUMENT = re.compile(r"(\w+)\.__init__\(\) got an unexpected keyword argument '(\w+)'")
SECRETS = ("api_key", "apikey", "key", "passphrase", "password", "secret", "token")


def conf_folder() -> Path:
    """conf/: inside the package in an installed wheel, beside src/ in a checkout."""
    installed = PACKAGE / "conf"
    return installed if installed.is_dir() else PACKAGE.parent.parent / "conf"


def application(
    name: str, resumes: bool = True
) -> Callable[[Callable[[DictConfig], None]], Callable[[], None]]:
    """Makes a function of a configuration the Hydra application `python -m bdnet.<name>`.

    resumes: an interrupted command continues when it is started again
    """

    def decorate(function: Callable[[DictConfig], None]) -> Callable[[], None]:
        @functools.wraps(function)
        def run(config: DictConfig) -> None:
            if multiprocessing.get_start_method(allow_none=True) == "loky":
                # a job of joblib, whose start method its own child processes do not have
                multiprocessing.set_start_method(None, force=True)
            try:
                with prefer_termination():
                    function(config)
            except Exception as error:
                message = user_message(error)
                if message is None:
                    raise
                if HydraConfig.get().mode == RunMode.MULTIRUN:  # the other jobs go on
                    raise BdnetError(message) from error
                sys.exit(f"bdnet {name}: {message}")

        start = hydra.main(version_base="1.3", config_path=str(conf_folder()), config_name=name)
        program: Callable[[], None] = start(run)

        def application() -> None:
            if print_help(name, sys.argv[1:], conf_folder()):
                return
            check_arguments(name, sys.argv[1:])
            sys.argv[1:] = map(quoted, sys.argv[1:])
            try:
                with sigterm_raises():
                    program()
            except KeyboardInterrupt as stop:
                hint = "; the same command continues" if resumes else ""
                number, event = signal_of(stop)
                print(f"bdnet {name}: {event}{hint}", file=sys.stderr)
                sys.exit(128 + number)  # the shell's code for a program that a signal ended

        return application

    return decorate


def check_arguments(name: str, arguments: list[str]) -> None:
    """Ends the program if an argument is a secret, a renamed key, or needs a missing package."""
    if secret := next(filter(is_secret, arguments), None):
        key = secret.partition("=")[0].lstrip("+")
        sys.exit(
            f"bdnet {name}: {key}=...: no key or password on the command line, which is "
            "stored in run folders and logs; for Weights & Biases run `wandb login` once, or set "
            "WANDB_API_KEY"
        )
    # a verb's own key may equal an old one of another verb, such as `memory` of `compare`
    own = set(OmegaConf.load(conf_folder() / f"{name}.yaml"))
    for argument in arguments:
        key = argument.partition("=")[0].lstrip("+~").partition("@")[0]
        if key not in own and (new := new_name(key)):
            sys.exit(f"bdnet {name}: {key} is now {new}")
    for launcher, extra in LAUNCHERS.items():
        override = f"hydra/launcher={launcher}"
        is_chosen = any(argument.startswith(override) for argument in arguments)
        if is_chosen and not is_installed(f"hydra-{launcher}-launcher"):
            sys.exit(f"bdnet {name}: {override} needs a package: pip install 'bdnet[{extra}]'")


def is_installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def quoted(argument: str) -> str:
    """An argument with its value in quotes if Hydra cannot parse it without, as run=a/seed=0."""
    key, is_given, value = argument.partition("=")
    if not is_given or argument.startswith("-") or value.startswith(("'", '"', "{")):
        return argument
    try:
        OverridesParser.create().parse_override(argument)
    except HydraException:
        if not (value.startswith("[") and value.endswith("]")):
            return f"{key}={_in_quotes(value)}"
        if not {"'", '"', "[", "{"} & set(value[1:]):  # a list of paths
            return f"{key}=[{','.join(map(_in_quotes, value[1:-1].split(',')))}]"
    return argument


def is_secret(argument: str) -> bool:
    """Whether an argument is a key or password, by its name or because WANDB_API_KEY equals it."""
    key, _, value = argument.partition("=")
    known = os.environ.get("WANDB_API_KEY")
    return key.rpartition(".")[2].lower() in SECRETS or (bool(known) and str(known) in value)


def _in_quotes(value: str) -> str:
    escaped = value.strip().replace("'", "\\'")
    return f"'{escaped}'"


def user_message(error: Exception) -> str | None:
    """The message for an error that the user can correct; None for a bug."""
    if isinstance(error, MissingMandatoryValue):
        key = error.full_key
        return f"{key} is missing; add {key}=... (--help explains keys, --cfg job shows them all)"
    if isinstance(error, InterpolationKeyError):
        return f"{error.full_key}: {error.msg}; set it on the command line, or in the recipe's yaml"
    # Hydra wraps errors of constructors
    is_wrapped = isinstance(error, InstantiationException)
    cause = error.__cause__ if is_wrapped else error
    if isinstance(cause, BdnetError):
        return str(cause)
    if isinstance(cause, OSError) and cause.errno in DISK_FULL:
        return f"{cause}; free some space there and start again"
    match = UNKNOWN_ARGUMENT.search(str(cause)) if isinstance(cause, TypeError) else None
    if is_wrapped and match:
        *_, key = str(error).rpartition("full_key: ")
        target, name = match.groups()
        return f"{key}: {target} has no key {name}; correct or remove it"
    return None


def family(experiment: str | None) -> str:
    """The folder of an experiment: `table2` of table2/mv."""
    return (experiment or "train").partition("/")[0]


def row(experiment: str | None, model: str) -> str:
    """The experiment's name in its folder: `mv` of table2/mv; without experiment, the model."""
    return (experiment or model).partition("/")[2] or experiment or model


def run_name(*, _root_: DictConfig) -> str:
    """The run's name."""
    from bdnet.runs import composition  # noqa: PLC0415 - it imports PyTorch

    return composition.run_name(_root_)


def folder_of(experiment: str) -> str:
    """The run folder of a needed experiment."""
    from bdnet.runs import composition  # noqa: PLC0415 - it imports PyTorch

    return composition.folder_of(experiment)


# for interpolations in conf/, such as ${family:...}
for resolver in (family, row, run_name, folder_of):
    OmegaConf.register_new_resolver(resolver.__name__, resolver, replace=True)


class AboveBars(logging.Handler):
    """Writes log lines above a progress bar instead of through it."""

    def emit(self, record: logging.LogRecord) -> None:
        tqdm.write(self.format(record), file=sys.stderr)

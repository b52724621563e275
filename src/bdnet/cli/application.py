"""What every entry point shares: where conf/ is, and how a Hydra application starts and fails."""

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

from bdnet.cli.help import answers
from bdnet.errors import BdnetError
from bdnet.runs.renamed import new_name
from bdnet.system.interruption import prefer_termination, signal_of, sigterm_raises

PACKAGE = Path(__file__).parent.parent
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
LAUNCHERS = {"submitit": "slurm", "joblib": "joblib"}  # and the extras that bring them
UNKNOWN = re.compile(r"(\w+)\.__init__\(\) got an unexpected keyword argument '(\w+)'")
SECRETS = ("api_key", "apikey", "key", "passphrase", "password", "secret", "token")


def conf_folder() -> Path:
    """conf/: inside the package in an installed wheel, beside src/ in a checkout."""
    installed = PACKAGE / "conf"
    return installed if installed.is_dir() else PACKAGE.parent.parent / "conf"


def application(
    name: str, resumes: bool = True
) -> Callable[[Callable[[DictConfig], None]], Callable[[], None]]:
    """Makes a function of a configuration the Hydra application `python -m bdnet.<name>`.

    resumes: the same command goes on where it was interrupted
    """

    def decorate(function: Callable[[DictConfig], None]) -> Callable[[], None]:
        @functools.wraps(function)
        def run(config: DictConfig) -> None:
            if multiprocessing.get_start_method(allow_none=True) == "loky":
                # joblib's jobs: processes that these start do not know joblib's way of starting
                multiprocessing.set_start_method(None, force=True)
            try:
                with prefer_termination():
                    function(config)
            except Exception as error:
                sentence = explained(error)
                if sentence is None:
                    raise
                if HydraConfig.get().mode == RunMode.MULTIRUN:  # one job of several
                    raise BdnetError(sentence) from error
                sys.exit(f"bdnet {name}: {sentence}")

        start = hydra.main(version_base="1.3", config_path=str(conf_folder()), config_name=name)
        program: Callable[[], None] = start(run)

        def application() -> None:
            if answers(name, sys.argv[1:], conf_folder()):
                return
            refuse(name, sys.argv[1:])
            sys.argv[1:] = map(quoted, sys.argv[1:])
            try:
                with sigterm_raises():
                    program()
            except KeyboardInterrupt as stop:
                hint = "; the same command goes on" if resumes else ""
                number, word = signal_of(stop)
                print(f"bdnet {name}: {word}{hint}", file=sys.stderr)
                sys.exit(128 + number)  # the shell's code for a program that a signal ended

        return application

    return decorate


def refuse(name: str, arguments: list[str]) -> None:
    """Ends the program where an argument is a secret, an old key, or needs a missing package."""
    if secret := next(filter(is_secret, arguments), None):
        where = secret.partition("=")[0].lstrip("+")
        sys.exit(
            f"bdnet {name}: {where}=...: no key or password on the command line, which is "
            "written down in run folders and logs; for Weights & Biases say `wandb login` "
            "once, or set WANDB_API_KEY"
        )
    own = set(OmegaConf.load(conf_folder() / f"{name}.yaml"))  # `memory` of `compare` is another
    for argument in arguments:
        key = argument.partition("=")[0].lstrip("+~").partition("@")[0]
        if key not in own and (new := new_name(key)):
            sys.exit(f"bdnet {name}: {key} is called {new} now")
    for launcher, extra in LAUNCHERS.items():
        asked = f"hydra/launcher={launcher}"
        is_asked = any(argument.startswith(asked) for argument in arguments)
        if is_asked and not is_installed(f"hydra-{launcher}-launcher"):
            sys.exit(f"bdnet {name}: {asked} needs a package: pip install 'bdnet[{extra}]'")


def is_installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def quoted(argument: str) -> str:
    """key=runs/x/seed=0 and the like as Hydra wants them: in quotes, where it cannot read them."""
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
    """Whether an argument gives away a key or password: by its name, or the environment's."""
    key, _, value = argument.partition("=")
    known = os.environ.get("WANDB_API_KEY")
    return key.rpartition(".")[2].lower() in SECRETS or (bool(known) and str(known) in value)


def _in_quotes(value: str) -> str:
    escaped = value.strip().replace("'", "\\'")
    return f"'{escaped}'"


def explained(error: Exception) -> str | None:
    """The sentence for an error that is the user's to mend; None for a defect of ours."""
    if isinstance(error, MissingMandatoryValue):
        key = error.full_key
        return f"{key} is not given; say {key}=... (--help explains keys, --cfg job shows them all)"
    if isinstance(error, InterpolationKeyError):
        return f"{error.full_key}: {error.msg}; say it on the command line, or in the recipe's yaml"
    # Hydra wraps what a constructor says of its arguments
    is_wrapped = isinstance(error, InstantiationException)
    cause = error.__cause__ if is_wrapped else error
    if isinstance(cause, BdnetError):
        return str(cause)
    if isinstance(cause, OSError) and cause.errno in FULL:
        return f"{cause}; free space there, and start again"
    if is_wrapped and isinstance(cause, TypeError) and (found := UNKNOWN.search(str(cause))):
        *_, key = str(error).rpartition("full_key: ")
        target, name = found.groups()
        return f"{key}: {target} has no key {name}; correct it, or leave it out"
    return None


def family(experiment: str | None) -> str:
    """What an experiment belongs to: `table2` of table2/mv."""
    return (experiment or "train").partition("/")[0]


def row(experiment: str | None, model: str) -> str:
    """What it is called there: `mv` of table2/mv; a run that is none goes by its model."""
    return (experiment or model).partition("/")[2] or experiment or model


def run_name(*, _root_: DictConfig) -> str:
    """What a run is called."""
    from bdnet.runs import composition  # noqa: PLC0415 - PyTorch comes with it

    return composition.run_name(_root_)


def folder_of(experiment: str) -> str:
    """The folder of the run of an experiment that a run needs."""
    from bdnet.runs import composition  # noqa: PLC0415 - PyTorch comes with it

    return composition.folder_of(experiment)


# ${family:...} and the like in conf/
for resolver in (family, row, run_name, folder_of):
    OmegaConf.register_new_resolver(resolver.__name__, resolver, replace=True)


class AboveBars(logging.Handler):
    """Log lines that do not tear a progress bar."""

    def emit(self, record: logging.LogRecord) -> None:
        tqdm.write(self.format(record), file=sys.stderr)

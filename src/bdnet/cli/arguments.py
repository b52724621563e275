"""The arguments of a verb: refused where they cannot be meant, and quoted for Hydra."""

import os
import re
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from bdnet.cli.conf import conf_folder, declared
from bdnet.runs.keys import kinds_of
from bdnet.runs.renamed import new_name

LAUNCHERS = {"submitit": "slurm", "joblib": "joblib"}  # and the extra that installs each
MULTIRUN = {"-m", "--multirun"}
RESOLVER = re.compile(r"\$\{[\w.]+:")  # such as ${oc.env:HOME}
NUMBER = re.compile(r"[+-]?\d[\d.e+-]*|true|false|inf|nan", re.IGNORECASE)
SECRETS = ("api_key", "apikey", "key", "passphrase", "password", "secret", "token")


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
    own = set(declared(name))
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


def arguments_of(verb: str, arguments: Sequence[str]) -> list[str]:
    """Arguments as Hydra reads them: texts literally, changes of mappings whether new or not."""
    own = declared(verb)
    kinds, defaults = kinds_of(verb, own), own["defaults"]
    is_multirun = not MULTIRUN.isdisjoint(arguments)  # commas are between jobs
    texts = {key for key, kind in kinds.items() if kind.is_text and not is_multirun}
    changes = {key for key, kind in kinds.items() if kind.is_open}
    mappings = tuple(f"{key}{sign}" for key in changes for sign in (".", "={"))
    result = ["-m"] if is_multirun else []  # Hydra takes no keys on both sides of it
    for argument in arguments:
        key, _, value = argument.partition("=")
        key = key.lstrip("+")
        if argument in MULTIRUN:
            continue
        if key in changes and not value.startswith("{") and {key: None} not in defaults:
            sys.exit(f"bdnet {verb}: {key}={value}: {kinds[key].meaning}, as in {key}.KEY={value}")
        if value == "null" and _is_group(key):
            _check_null(verb, key)
        elif key in texts:
            result.append(literal(argument))
        elif argument.lstrip("+").startswith(mappings):
            result.append(quoted(f"++{argument.lstrip('+')}"))
        else:
            result.append(_choice(quoted(argument)))
    return result


def _is_group(key: str) -> bool:
    """Whether a key, as model or augmentation@data.augmentation, names a config group."""
    return (conf_folder() / key.lstrip("+").partition("@")[0]).is_dir()


def _check_null(verb: str, group: str) -> None:
    """Ends the program unless no choice is the default: Hydra takes no null on a command line."""
    if {group: None} in declared(verb)["defaults"]:
        return
    folder = conf_folder() / group.partition("@")[0]
    names = ", ".join(sorted(path.stem for path in folder.glob("*.yaml")))
    sys.exit(f"bdnet {verb}: {group}=null: choose {names or 'another value'}")


def _choice(argument: str) -> str:
    """The choices of a config group in quotes where Hydra would read numbers, as in table=2."""
    key, _, value = argument.partition("=")
    if not _is_group(key):
        return argument
    if value.startswith("[") and value.endswith("]") and any(map(str.isdigit, value)):
        return f"{key}=[{','.join(_choice_in_quotes(name) for name in value[1:-1].split(','))}]"
    return f"{key}={_choice_in_quotes(value)}" if value else argument


def _choice_in_quotes(name: str) -> str:
    return f"'{name.strip()}'" if NUMBER.fullmatch(name.strip()) else name


def literal(argument: str) -> str:
    """An argument whose value is a text: only null, quotes and resolvers mean something else."""
    key, _, value = argument.partition("=")
    if value == "null" or value.startswith(("'", '"')):
        return argument
    if not RESOLVER.search(value):
        value = value.replace("${", r"\${")
    return f"{key}={_in_quotes(value)}"


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

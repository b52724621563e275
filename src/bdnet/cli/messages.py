"""Errors in the user's words."""

import errno
import re

from hydra.errors import HydraException, InstantiationException
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from bdnet.errors import BdnetError

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# of launchers, whose packages are not imported for this: a job's process died
KILLED = ("UncompletedJobError", "FailedJobError", "TerminatedWorkerError")
WRAPPING = (HydraException, OmegaConfBaseException)
ABSENT = re.compile(r"Missing mandatory value: (\S+)")
UNKNOWN = "is not in struct"
UNKNOWN_ARGUMENT = re.compile(r"(\w+)\.__init__\(\) got an unexpected keyword argument '(\w+)'")


def user_message(error: BaseException) -> str | None:
    """The message for an error that the user can correct; None for a bug."""
    cause = error.__cause__  # Hydra and OmegaConf wrap errors of constructors and resolvers
    is_wrapped = isinstance(error, WRAPPING)
    if is_wrapped and cause is not None and (message := user_message(cause)) is not None:
        return message
    if isinstance(error, BdnetError):
        return str(error)
    if isinstance(error, HydraException):
        return _of_hydra(error)
    if isinstance(error, OSError):
        return _of_system(error)
    if type(error).__name__ in KILLED:
        return _of_killed_job(error)
    return _of_configuration(error) if isinstance(error, OmegaConfBaseException) else None


def _of_hydra(error: HydraException) -> str | None:
    if isinstance(error, InstantiationException):
        return _of_constructor(error)
    return "\n".join(map(str, filter(None, [error, error.__cause__])))


def _of_killed_job(error: BaseException) -> str:
    return (
        "the process of a job was ended from outside, by lack of memory or a time limit, or on a "
        f"busy machine before it began ({str(error).splitlines()[0]}); the same command again does "
        "what is missing"
    )


def _of_configuration(error: OmegaConfBaseException) -> str:
    key, reason = error.full_key, str(error.msg or error).splitlines()[0]
    absent = ABSENT.search(reason)  # what an interpolation needs
    if absent or isinstance(error, MissingMandatoryValue):
        key = absent.group(1) if absent else key
        return f"{key} is missing; add {key}=... (--help explains keys, --cfg job shows them all)"
    if UNKNOWN in reason:
        return f"{key}: no such key; correct it, or add it by +{key}=... (--help explains keys)"
    return f"{key}: {reason}; set it on the command line, or in the recipe's yaml"


def _of_system(error: OSError) -> str | None:
    if error.errno in DISK_FULL:
        return f"{error}; free some space there and start again"
    if error.filename is None:
        return None
    return f"{str(error.filename)[:200]}: {error.strerror}; correct the path, or its permissions"


def _of_constructor(error: InstantiationException) -> str | None:
    if error.__cause__ is None:
        return str(error).splitlines()[0]
    match = UNKNOWN_ARGUMENT.search(str(error.__cause__))
    if not isinstance(error.__cause__, TypeError) or match is None:
        return None
    *_, key = str(error).rpartition("full_key: ")
    target, name = match.groups()
    return f"{key}: {target} has no key {name}; correct or remove it"

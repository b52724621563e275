"""What every entry point shares: where conf/ is, and how a Hydra application starts and fails."""

import functools
import sys
from collections.abc import Callable
from pathlib import Path

import hydra
from hydra.errors import InstantiationException
from omegaconf import DictConfig
from omegaconf.errors import MissingMandatoryValue

from bdnet.errors import BdnetError

PACKAGE = Path(__file__).parent


def conf_folder() -> Path:
    """conf/: inside the package in an installed wheel, beside src/ in a checkout."""
    installed = PACKAGE / "conf"
    return installed if installed.is_dir() else PACKAGE.parent.parent / "conf"


def application(name: str) -> Callable[[Callable[[DictConfig], None]], Callable[[], None]]:
    """Makes a function of a configuration the Hydra application `python -m bdnet.<name>`."""

    def decorate(function: Callable[[DictConfig], None]) -> Callable[[], None]:
        @functools.wraps(function)
        def run(config: DictConfig) -> None:
            try:
                function(config)
            except BdnetError as error:
                sys.exit(f"bdnet {name}: {error}")
            except InstantiationException as error:
                # Hydra wraps what a constructor says of its arguments
                if not isinstance(error.__cause__, BdnetError):
                    raise
                sys.exit(f"bdnet {name}: {error.__cause__}")
            except MissingMandatoryValue as error:
                key = error.full_key
                sys.exit(f"bdnet {name}: {key} is not given; say {key}=... (--help shows all keys)")
            except KeyboardInterrupt:
                print(f"bdnet {name}: interrupted; the same command goes on", file=sys.stderr)
                sys.exit(130)  # the shell's code for an interrupted program

        start = hydra.main(version_base="1.3", config_path=str(conf_folder()), config_name=name)
        application: Callable[[], None] = start(run)
        return application

    return decorate

"""What of a configuration is looked at first; tests/test_mistakes.py has the sentences."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from bdnet.errors import BdnetError
from bdnet.training.settings import check_login

WANDB = {"wandb": {"offline": False}}


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A user without any login."""
    for name in ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


def test_without_a_login_weights_and_biases_is_refused():
    with pytest.raises(BdnetError, match=r"`wandb login` once.*logger\.wandb\.offline=true"):
        check_login(OmegaConf.create(WANDB))


@pytest.mark.parametrize(
    "logger", [{}, {"csv": {}}, {"wandb": {"offline": True}}], ids=["none", "csv", "offline"]
)
def test_what_needs_no_login(logger: dict):
    check_login(OmegaConf.create(logger))


@pytest.mark.parametrize(
    ("name", "value"),
    [("WANDB_API_KEY", "x"), ("WANDB_MODE", "offline"), ("WANDB_MODE", "disabled")],
)
def test_the_environment_may_say_it(name: str, value: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(name, value)
    check_login(OmegaConf.create(WANDB))


def test_so_may_the_file_of_wandb_login(tmp_path: Path):
    file = tmp_path / "netrc"
    file.write_text("machine api.wandb.ai\n  login user\n  password x\n")
    file.chmod(0o600)
    check_login(OmegaConf.create(WANDB))
    file.write_text("machine example.org login user password x\n")
    with pytest.raises(BdnetError, match="not logged in"):
        check_login(OmegaConf.create(WANDB))

"""A key of an earlier version is check_argumentsd, and the error names the new one."""

import sys
from pathlib import Path

import pytest
import yaml
from omegaconf import OmegaConf

from bdnet.cli.arguments import check_arguments
from bdnet.errors import BdnetError
from bdnet.runs.renamed import RENAMED
from bdnet.runs.run import Run
from tiny_training import composed


@pytest.mark.parametrize("key", RENAMED)
@pytest.mark.parametrize("form", ["{}=3", "+{}.x=3", "~{}"])
def test_an_old_key_on_the_command_line(key: str, form: str):
    with pytest.raises(SystemExit) as stop:
        check_arguments("train", ["seed=0", form.format(key)])
    assert f"{key}" in str(stop.value)
    assert str(stop.value).endswith(f" is now {RENAMED[key]}")


@pytest.mark.parametrize("key", RENAMED)
def test_an_old_key_in_a_stored_configuration(key: str, tmp_path: Path):
    config = OmegaConf.create({"data": {"_target_": "bdnet.data.module.ClipDataModule"}})
    OmegaConf.update(config, key, 3)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(OmegaConf.to_container(config)))
    with pytest.raises(BdnetError, match="; rename it") as error:
        Run(tmp_path).data()
    assert key in str(error.value)
    assert RENAMED[key] in str(error.value)


def test_new_keys_exist():
    with composed("experiment=tdnet/grouped", "data=streets") as (config, _):
        for old, new in RENAMED.items():
            assert OmegaConf.select(config, old) is None
            if "NAME" not in new:
                assert OmegaConf.select(config, new.partition(" ")[0], default=sys) is not sys


def test_an_older_run_keeps_what_its_network_was(tmp_path: Path):
    older = {
        "model": {
            "_target_": "bdnet.models.bdnet.BDNet",
            "head": {"_target_": "bdnet.models.head.pspnet.PSPNet", "_partial_": True},
            "propagation": {"_target_": "bdnet.models.propagation.flownet.Flow", "width": 0.5},
        },
        "teacher": {"model": {"_target_": "bdnet.models.hrnet.HRNet", "backbone": "hrnet_w18"}},
        "list": [{"_target_": "bdnet.models.hrnet.HRNet", "fuse": "bilinear"}],
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(older))
    config = Run(tmp_path).config()
    assert config.teacher.model.fuse == "nearest"
    assert config.model.head.align_corners is False
    assert config.model.propagation.scale_bias == "learned"
    assert config.list[0].fuse == "bilinear"
    assert "fuse" not in config.model

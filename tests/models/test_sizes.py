"""Parameters and operations of the published presets, as RESULTS.md has them; without computing."""

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from torch.utils.flop_counter import FlopCounterMode

from bdnet.cli.conf import conf_folder
from bdnet.models.base import Step, VideoModel

PRESETS = {  # millions of parameters, billions of multiply-adds per frame of 1024x2048
    "psp18": (12.62, 424),
    "psp50": (46.72, 1473),
    "psp101": (65.71, 2093),
    "td4_psp18": (52.70, 468),
    "td2_psp50": (61.73, 982),
}


def preset(name: str) -> VideoModel:
    """On the meta device, which knows shapes only."""
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        config = compose(overrides=[f"+model={name}", "+classes=19"])
    with torch.device("meta"):
        return instantiate(config.model, _convert_="all").eval()


@pytest.mark.parametrize(("name", "published"), [("td4_psp18", 52778068), ("td2_psp50", 61270570)])
def test_a_tdnet_has_the_parameters_of_the_published_one(name: str, published: int):
    """Apart from weights by place, the half of the pooling that a path drops, auxiliary heads."""
    model = preset(name)
    parameters = sum(
        parameter.numel() for key, parameter in model.named_parameters() if ".auxiliary." not in key
    )
    dropped = sum(
        parameter.numel() for path in model.paths for parameter in path.pyramid.parameters()
    )
    assert parameters + dropped + len(model.paths) * 2 * 97 * 193 == published


@pytest.mark.parametrize("name", PRESETS)
@torch.no_grad()
def test_a_preset_is_as_large_as_it_is_said_to_be(name: str):
    model = preset(name)
    image = torch.empty(1, 3, 1024, 2048, device="meta")
    state = model.start()
    for _ in range(model.least_interval):  # the last of them hears of all that it can
        with FlopCounterMode(display=False) as counter:
            state, _ = model.step(state, Step(image, is_key=True))
    parameters, operations = PRESETS[name]
    assert sum(parameter.numel() for parameter in model.parameters()) / 1e6 == pytest.approx(
        parameters, abs=0.01
    )
    assert counter.get_total_flops() / 2e9 == pytest.approx(operations, abs=0.6)

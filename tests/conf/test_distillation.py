"""Distillation: every term of a teacher is in the sweep, with its authors' weight."""

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.utils import get_class
from omegaconf import OmegaConf
from test_table2 import flat

from bdnet.cli.conf import conf_folder
from bdnet.losses import TeacherLoss


def test_the_sweep_leaves_no_term_out():
    params = OmegaConf.load(conf_folder() / "sweep/distillation.yaml").hydra.sweeper.params
    (override,) = OverridesParser.create().parse_overrides([f"loss={params.loss}"])
    compared = [frozenset(choice) for choice in override.sweep_iterator()]
    assert len(set(compared)) == len(compared)
    every = {
        path.stem
        for path in conf_folder().glob("loss/*.yaml")
        if issubclass(get_class(OmegaConf.load(path)[path.stem]._target_), TeacherLoss)
    }
    terms = {name for choice in compared for name in choice}
    assert terms - {"segmentation", "boundary"} == every - {"grouped"}  # which needs sub-networks


def test_published_weights():
    weights = {
        key: value
        for path in conf_folder().glob("loss/*.yaml")
        for key, value in flat(OmegaConf.to_container(OmegaConf.load(path)))
    }
    assert (weights["bpkd_body.weight"], weights["bpkd_edge.weight"]) == (20.0, 50.0)
    assert weights["bpkd_edge.alpha"] == 2.0
    assert weights["bpkd_edge.width"] == weights["bpkd_body.width"] == 7
    assert (weights["zero_order.weight"], weights["first_order.weight"]) == (4.0, 0.4)
    assert (weights["channelwise.weight"], weights["channelwise.tau"]) == (3.0, 4.0)

"""Rates: how high, of what, and when."""

from functools import partial

import pytest
import torch
from torch import nn

from bdnet.errors import BdnetError
from bdnet.models.base import Groups
from bdnet.training.optimization import Poly

SGD = partial(torch.optim.SGD, momentum=0.9)


def parameters(count: int) -> list[nn.Parameter]:
    return [nn.Parameter(torch.ones(2)) for _ in range(count)]


def rates(poly: Poly, steps: int) -> list[float]:
    """Of the backbone, in each step and after the last one."""
    optimizer, schedule = poly.configure(Groups(parameters(1), parameters(1)), [], steps)
    values = [optimizer.param_groups[0]["lr"]]
    for _ in range(steps):
        optimizer.step()
        schedule.step()
        values.append(optimizer.param_groups[0]["lr"])
    return values


def test_rates_fall_to_zero_as_published():
    values = rates(Poly(SGD, lr=0.5, power=0.9), 10)
    assert values == pytest.approx([0.5 * (1 - step / 10) ** 0.9 for step in range(11)])
    assert values[-1] == 0


def test_power_says_how():
    assert rates(Poly(SGD, lr=2.0, power=1), 4) == pytest.approx([2.0, 1.5, 1.0, 0.5, 0.0])
    assert rates(Poly(SGD, lr=2.0, power=0), 4) == [2.0] * 5


def test_a_warm_up_rises_to_the_full_rate_and_the_rest_falls_from_it():
    values = rates(Poly(SGD, lr=1.0, power=1, warmup=3), 7)
    assert values == pytest.approx([0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.25, 0.0])


def test_a_warm_up_may_be_a_share_of_the_steps():
    for steps in (1, 10, 40):
        share = rates(Poly(SGD, lr=1.0, power=1, warmup=0.3), steps)
        assert share == rates(Poly(SGD, lr=1.0, power=1, warmup=int(0.3 * steps)), steps)


def test_new_layers_and_adapters_learn_at_the_rate_of_the_head():
    backbone, head, adapter = parameters(2), parameters(3), parameters(2)
    adapter[1].requires_grad_(False)
    optimizer, schedule = Poly(SGD, lr=0.1, head_lr_factor=10).configure(
        Groups(backbone, head), adapter, 100
    )
    first, second = optimizer.param_groups
    assert [id(weight) for weight in first["params"]] == [id(weight) for weight in backbone]
    assert [id(weight) for weight in second["params"]] == [id(e) for e in [*head, adapter[0]]]
    assert (first["lr"], second["lr"]) == pytest.approx((0.1, 1.0))
    assert first["momentum"] == second["momentum"] == 0.9
    for _ in range(50):
        optimizer.step()
        schedule.step()
    assert second["lr"] / first["lr"] == pytest.approx(10)
    assert first["lr"] == pytest.approx(0.1 * 0.5**0.9)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"lr": 0.0}, r"optimizer\.lr=0\.0"),
        ({"lr": float("nan")}, r"optimizer\.lr=nan"),
        ({"lr": "fast"}, r"optimizer\.lr=fast"),
        ({"lr": 0.1, "head_lr_factor": -1}, r"optimizer\.head_lr_factor=-1"),
        ({"lr": 0.1, "power": -1}, r"optimizer\.power=-1"),
        ({"lr": 0.1, "warmup": -2}, r"optimizer\.warmup=-2"),
        ({"lr": 0.1, "warmup": 1.5}, r"optimizer\.warmup=1\.5"),
    ],
)
def test_rates_that_mean_nothing_are_refused(setting: dict, message: str):
    with pytest.raises(BdnetError, match=message):
        Poly(SGD, **setting)


def test_a_warm_up_longer_than_training_is_refused():
    poly = Poly(SGD, lr=0.1, warmup=5)
    with pytest.raises(BdnetError, match=r"warmup=5: .*steps=5"):
        poly.configure(Groups(parameters(1), parameters(1)), [], 5)

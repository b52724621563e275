"""Batch norms that count over processes do what one does with all the clips."""

import pytest
import torch
from timm.layers import BatchNormAct2d
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from bdnet.models.norm import Norm
from bdnet.training.joint_norm import JointNorm
from networks import build
from processes import in_processes


def network() -> nn.Sequential:
    torch.manual_seed(0)
    norms = nn.BatchNorm2d(4), BatchNormAct2d(5, momentum=None), nn.BatchNorm2d(2, affine=False)
    made = nn.Sequential(
        *(nn.Conv2d(3, 4, 3), norms[0], nn.Conv2d(4, 5, 3), norms[1], nn.Conv2d(5, 2, 1), norms[2]),
        *(nn.Conv2d(2, 3, 1), Norm(3)),
    )
    nn.init.normal_(norms[0].weight)
    nn.init.normal_(norms[1].bias)
    return made


def images() -> Tensor:
    return torch.randn(6, 3, 9, 8, generator=torch.Generator().manual_seed(1)) * 3 + 1


def trained(network: nn.Module, part: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Its answers, and the gradients of a sum over the clips."""
    network.zero_grad()
    answers = network(part)
    (
        answers.square() * torch.linspace(0, 1, answers[0].numel()).view(answers[0].shape)
    ).sum().backward()
    return answers.detach(), [parameter.grad for parameter in network.parameters()]


def half() -> tuple[Tensor, list[Tensor], dict[str, Tensor]]:
    """What one of two processes, with two thirds of the clips or one, sees."""
    rank = join()
    part = images()[:4] if not rank else images()[4:]
    joint = JointNorm().apply(network())
    trained(joint, part)
    answers, gradients = trained(joint, part)
    return answers, gradients, JointNorm().revert(joint).state_dict()


def join() -> int:
    """Connects this process with the others, and says which it is."""
    torch.distributed.init_process_group("gloo")
    return torch.distributed.get_rank()


def test_two_processes_see_what_one_does():
    whole = network()
    trained(whole, images())
    answers, gradients = trained(whole, images())
    (first, ours, state), (second, theirs, _) = in_processes(half)
    torch.testing.assert_close(torch.cat([first, second]), answers, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(
        [a + b for a, b in zip(ours, theirs, strict=True)], gradients, atol=1e-4, rtol=1e-4
    )
    torch.testing.assert_close(dict(state), dict(whole.state_dict()), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("model", "norms"), [("psp18", 5), ("td4_psp18", 32)])
def test_every_norm_of_a_network_counts_over_processes_and_comes_back(model: str, norms: int):
    network = build(f"+model={model}", "model.backbone=test_resnet")
    layers = [layer for layer in network.modules() if isinstance(layer, _BatchNorm)]
    before = [type(layer) for layer in layers]
    assert before.count(Norm) == norms
    JointNorm().apply(network)
    assert all(
        type(layer).__name__ == f"Joint{plain.__name__}"
        for layer, plain in zip(layers, before, strict=True)
    )
    JointNorm().apply(network)  # a second time changes nothing
    JointNorm().revert(network)
    assert [type(layer) for layer in layers] == before

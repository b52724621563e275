"""TDNet: which path runs on which frame, what it attends to, and what is kept."""

from pathlib import Path

import pytest
import torch
from test_attention import literal
from torch import Tensor, nn

from bdnet.models.base import Step
from bdnet.models.checkpoints import inherit
from bdnet.models.errors import BadModel
from bdnet.models.pyramid import PyramidPooling
from bdnet.models.tdnet.attention import Memory
from bdnet.models.tdnet.normalisation import SpaceNorm
from bdnet.models.tdnet.tdnet import TDNet
from bdnet.types import Clip
from networks import build, has_weights_of, random_clip, saved, stream

SMALL = ("+model=tdnet", "model.width=16", "model.head_width=4", "model.keys=8")
both = pytest.mark.parametrize("paths", [2, 4])


def network(paths: int = 4, *more: str) -> TDNet:
    """With attention to few cells: an even mean over all would vanish in the norm over space."""
    model = build(*SMALL, f"model.paths={paths}", *more)
    for path in model.paths:
        for encoder in (path.query, path.key):
            encoder[3].weight.data *= 50
    return model


def wholly(model: TDNet, images: list[Tensor], end: int, stride: int = 4) -> Tensor:
    """The last of N images [1, 3, H, W], which runs on path `end`, after the formulas."""
    number, hops = len(images), model.paths[end].hops
    paths = [model.paths[(end - number + 1 + position) % number] for position in range(number)]
    pooled = [path.encode(image)[1] for path, image in zip(paths, images, strict=True)]
    query, key, value = (
        [
            getattr(path, part)(feature)[0].double().numpy()
            for path, feature in zip(paths, pooled, strict=True)
        ]
        for part in ("query", "key", "value")
    )
    carried = value[0][:, ::stride, ::stride]
    for position in range(1, number - 1):
        here = value[position][:, ::stride, ::stride]
        asked = query[position][:, ::stride, ::stride]
        looked_at = key[position - 1][:, ::stride, ::stride]
        carried = here + literal(hops[position - 1], looked_at, carried, asked)
    attended = literal(hops[-1], key[-2][:, ::stride, ::stride], carried, query[-1])
    total = torch.from_numpy(value[-1] + attended).float()[None]
    return paths[-1].head(paths[-1].norm(total))


@both
@torch.no_grad()
def test_it_is_its_formulas(paths: int):
    model = network(paths)
    clip = random_clip(72, 104, paths, [paths - 1])
    expected = wholly(model, list(clip.images.unbind(1)), paths - 1)
    seen = model(clip)
    torch.testing.assert_close(seen.logits, expected, atol=1e-4, rtol=1e-3)
    assert (seen.logits - seen.single_path).abs().max() > 0.01


@both
@torch.no_grad()
def test_mixed_precision_attends_to_others_too(paths: int):
    model = network(paths)
    clip = random_clip(64, 96, paths, [paths - 1])
    exact = model(clip).logits
    with torch.autocast("cpu", torch.bfloat16):
        rough = model(clip).logits
        streamed = stream(model, clip)
    assert rough.dtype == torch.bfloat16
    for logits in (rough, streamed):
        assert (logits - exact).std() < 0.15 * exact.std()


@both
@torch.no_grad()
def test_the_first_frames_attend_to_nothing(paths: int):
    model = network(paths)
    batch = random_clip(64, 96, paths + 2, list(range(paths + 2)))
    seen = model(batch)
    for offset in range(paths + 2):
        is_single = torch.equal(seen.logits[offset], seen.single_path[offset])
        assert is_single == (offset < paths - 1)


@both
@torch.no_grad()
def test_frames_are_those_of_their_path(paths: int):
    """Frame tau runs on path tau mod N."""
    model = network(paths)
    batch = random_clip(64, 96, paths + 2, list(range(paths + 2)))
    seen = model(batch)
    for offset in range(paths + 2):
        path = model.paths[offset % paths]
        features, pooled = path.encode(batch.images[offset : offset + 1, -1])
        expected = {
            "single_path": path.classify(path.value(pooled)),
            "features": features.deep,
            "auxiliary": path.auxiliary(features.levels[-2]),
        }
        for part, value in expected.items():
            rows = getattr(seen, part)[offset : offset + 1]
            torch.testing.assert_close(rows, value, atol=1e-4, rtol=1e-4)


@both
@torch.no_grad()
def test_another_phase_is_a_rotation_of_the_paths(paths: int):
    model = network(paths)
    batch = random_clip(48, 72, paths + 1, list(range(paths + 1)))
    model.phase = 1
    turned = network(paths)
    turned.load_state_dict(model.state_dict())
    turned.paths = nn.ModuleList([*turned.paths[1:], turned.paths[0]])
    seen, expected = model(batch), turned(batch)
    torch.testing.assert_close(seen.logits, expected.logits, atol=1e-4, rtol=1e-4)
    model.phase = 0
    assert not torch.allclose(seen.logits, model(batch).logits, atol=1e-2)


@both
@torch.no_grad()
def test_a_stream_goes_on_as_its_last_frames_say(paths: int):
    model = network(paths)
    clip = random_clip(61, 99, 2 * paths + 1, [2 * paths])
    state = model.start()
    for tau, image in enumerate(clip.images.unbind(1)):
        state, logits = model.step(state, Step(image, is_key=tau == paths + 1))
        if tau < paths - 1:
            continue
        last = range(tau - paths + 1, tau + 1)
        model.phase = (tau - paths + 1) % paths
        whole = model(
            Clip(
                clip.images[:, last], clip.motion[:, : paths - 1], clip.valid[:, : paths - 1],
                clip.labels, torch.tensor([paths - 1]),
            )
        )  # fmt: skip
        model.phase = 0
        torch.testing.assert_close(logits, whole.logits, atol=1e-3, rtol=1e-3)
        assert len(state) == 1 + 3 * (paths - 1)


@torch.no_grad()
def test_a_new_video_forgets_and_a_keyframe_does_not():
    model = network(2)
    images = random_clip(48, 72, 3, [2]).images.unbind(1)
    state = model.start()
    for image in images[:2]:
        state, _ = model.step(state, Step(image, is_key=True))
    key = Step(images[2], is_key=True)
    _, going_on = model.step(state, key)
    _, key_logits = model.step(state, key._replace(is_key=False))
    _, new = model.step(model.start(), key)
    assert torch.equal(going_on, key_logits)
    assert not torch.allclose(going_on, new, atol=1e-2)


@torch.no_grad()
def test_what_is_remembered_is_thinned_out():
    model = network(2, "model.test_stride=3")
    state, logits = model.step(model.start(), Step(torch.randn(1, 3, 61, 99)))
    number, *memory = state
    assert (int(number), logits.shape) == (1, (1, 3, 8, 13))
    assert [list(tensor.shape) for tensor in Memory._make(memory)] == [
        [1, 8, 3, 5], [1, 8, 3, 5], [1, 16, 3, 5],
    ]  # fmt: skip


def test_in_training_one_path_is_drawn_for_a_batch():
    model = network(4).train()
    batch = random_clip(48, 72, 4, [0, 3, 1])
    torch.manual_seed(0)
    drawn = [model(batch).group for _ in range(40)]
    assert all(torch.equal(mask, mask[:1].expand(3, -1)) for mask in drawn)
    assert {int(mask[0].int().argmax()) for mask in drawn} == {0, 1, 2, 3}


def test_a_step_trains_the_paths_that_it_uses():
    model = network(4).train()
    model(random_clip(48, 72, 4, [1, 2])).logits.sum().backward()
    is_trained = [path.backbone.network.conv1[0].weight.grad is not None for path in model.paths]
    assert sum(is_trained) == 1
    model(random_clip(48, 72, 4, [1, 3])).logits.sum().backward()
    assert all(path.backbone.network.conv1[0].weight.grad is not None for path in model.paths)


@pytest.mark.parametrize(
    ("paths", "parts", "groups"),
    [(2, 2, [0, 1]), (4, 2, [0, 2, 1, 3]), (3, 1, [0, 1, 2]), (4, 4, [0, 1, 2, 3])],
)
@torch.no_grad()
def test_paths_go_with_groups_of_their_part(paths: int, parts: int, groups: list[int]):
    model = build(*SMALL, f"model.paths={paths}", f"model.parts={parts}", backbone="resnet10t")
    batch = random_clip(32, 32, paths, list(range(paths)))
    group = model(batch).group
    assert group.dtype == torch.bool
    assert group.sum(1).tolist() == [1] * paths
    assert group.int().argmax(1).tolist() == groups
    whole = PyramidPooling(model.paths[0].backbone.channels)
    if model.paths[0].backbone.channels % (4 * paths):
        return  # three groups of 512 channels there are not
    for number, mine in enumerate(groups):  # a path's group lies in the part that it sees
        group_members = set(whole.members(paths)[mine].tolist())
        assert group_members <= set(whole.members(parts)[number % parts].tolist())


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"paths": 1}, "paths=1"),
        ({"parts": 3}, r"model\.parts=3: .*model\.paths=4"),
        ({"stride": 0}, "stride=0"),
        ({"parts": 5, "paths": 5}, "96 channels .* 5"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, int], key: str):
    with pytest.raises(BadModel, match=key):
        TDNet(3, "test_resnet", **wrong)


def test_frames_between_must_be_there():
    clip = random_clip(48, 72, 4, [3])
    with pytest.raises(ValueError, match=r"4 frames.*images=all"):
        network(4)(clip._replace(images=clip.images[:, [0, -1]]))


def test_every_path_starts_from_a_single_frame_runs_backbone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    path = saved(build("+model=psp18"), tmp_path / "base/last.ckpt")
    weights = torch.load(path, weights_only=True)["state_dict"]
    model = network(2, "model.width=96", "model.head_width=24")
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with caplog.at_level("INFO"):
        inherit(model, [path])
    members = PyramidPooling(model.paths[0].pyramid.channels).members(2)
    for name, tensor in model.state_dict().items():
        _, number, part, rest = name.split(".", 3)
        expected = before[name]
        if part == "backbone":
            expected = weights[f"student.backbone.{rest}"]
        elif part == "pyramid":
            expected = weights[f"student.head.pyramid.{rest}"]
            expected = expected.chunk(2)[int(number)] if expected.ndim else expected
        elif part == "head":
            expected = weights[f"student.head.fcn.{rest}"]
            expected = expected[:, members[int(number)]] if rest == "mix.weight" else expected
        assert torch.equal(tensor, expected), name
    assert "base: backbone, head; new here: the rest of paths" in caplog.text
    other = build(*SMALL, "model.paths=2")  # whose heads have another shape
    inherit(other, [path])
    assert has_weights_of(other, path, "paths") == {"paths": False}
    assert not torch.equal(other.paths[0].head.mix.weight, before["paths.0.head.mix.weight"])


def test_it_goes_on_from_its_own_kind(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    path = saved(network(2), tmp_path / "base/last.ckpt")
    model = network(2)
    with caplog.at_level("INFO"):
        inherit(model, [path])
    assert has_weights_of(model, path, "paths") == {"paths": True}
    assert caplog.text.rstrip().endswith("base: paths")
    with pytest.raises(BadModel, match=r"paths\.\d\..* is missing there"):
        inherit(network(4), [path])
    with pytest.raises(BadModel, match=r"base: backbone\."):
        single = saved(build("+model=psp18"), tmp_path / "base/last.ckpt")
        inherit(build(*SMALL, backbone="resnet10t"), [single])


@pytest.mark.parametrize(
    ("name", "backbone", "paths", "channels", "head", "half_way"),
    [("td4_psp18", "resnet18", 4, 512, 128, 256), ("td2_psp50", "resnet50s", 2, 2048, 256, 1024)],
)
def test_presets_are_the_published_networks(
    name: str, backbone: str, paths: int, channels: int, head: int, half_way: int
):
    model = build(f"+model={name}", backbone=backbone)
    assert [path.pyramid.out for path in model.paths] == [channels] * paths
    assert model.least_interval == paths
    path = model.paths[0]
    assert path.backbone.name == backbone
    assert path.value.weight.shape[:2] == (512, channels)
    assert path.head.mix.weight.shape == (head, 512, 3, 3)
    assert [len(path.hops) for path in model.paths] == [paths - 1] * paths
    assert path.auxiliary.mix.weight.shape == (half_way // 4, half_way, 3, 3)
    assert path.query[3].weight.shape == path.key[3].weight.shape == (64, 64, 1, 1)


def test_values_can_start_as_the_pooled_feature():
    wide = ("model.width=96", "model.value_start=identity")
    path = network(2, *wide).paths[0]
    pooled = torch.randn(1, 96, 3, 4)
    torch.testing.assert_close(path.value(pooled), pooled)
    with pytest.raises(BadModel, match=r"value_start=identity.*96 channels.*width=96"):
        TDNet(3, "test_resnet", width=16, value_start="identity")


@torch.no_grad()
def test_a_norm_over_space_is_layer_norm_with_its_weights_resampled():
    maps = torch.randn(2, 3, 5, 7)
    norm, published = SpaceNorm((5, 7)), nn.LayerNorm([5, 7])
    for parameter in published.parameters():
        nn.init.normal_(parameter)
    norm.load_state_dict(published.state_dict())
    torch.testing.assert_close(norm(maps), published(maps))
    plain = nn.functional.layer_norm(maps, maps.shape[-2:])
    torch.testing.assert_close(SpaceNorm()(maps), plain)
    larger = torch.randn(2, 3, 9, 13)  # every second cell lies on a cell of the weights
    weighted = norm(larger)[..., ::2, ::2]
    normed = nn.functional.layer_norm(larger, larger.shape[-2:])[..., ::2, ::2]
    torch.testing.assert_close(weighted, normed * published.weight + published.bias)


@torch.no_grad()
def test_tied_attention_is_that_of_each_frames_path():
    model = network(4, "model.tied=true")
    untied = network(4)
    weights = model.state_dict()
    for end in range(4):
        for hop in range(3):  # to the path of the frame after the hop's source
            own = weights[f"paths.{(end + 2 + hop) % 4}.hops.0.mix.weight"]
            bias = weights[f"paths.{(end + 2 + hop) % 4}.hops.0.mix.bias"]
            untied.paths[end].hops[hop].mix.load_state_dict({"weight": own, "bias": bias})
    rest = {name: weight for name, weight in weights.items() if ".hops." not in name}
    untied.load_state_dict(rest, strict=False)
    clip = random_clip(48, 72, 6, [3, 4, 5])
    torch.testing.assert_close(model(clip).logits, untied(clip).logits, atol=1e-4, rtol=1e-4)

"""Small segmenters of several libraries, with random weights that make busy label maps."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from bdnet.inference.accelerate.adapters.preprocessing import IMAGENET
from bdnet.types import Size

CLASSES = 5


def prepared(image: np.ndarray) -> Tensor:
    """uint8 RGB [H, W, 3] -> what networks trained on ImageNet read, as torchvision computes it."""
    from torchvision.transforms.v2 import functional as transforms

    picture = transforms.to_dtype(torch.from_numpy(image).permute(2, 0, 1), torch.float32, True)
    return transforms.normalize(picture, list(IMAGENET["mean"]), list(IMAGENET["std"]))[None]


def to_size(logits: Tensor, size: Size) -> Tensor:
    return functional.interpolate(logits, size, mode="bilinear", align_corners=False)


def lively(model: nn.Module, size: Size = (64, 96)) -> nn.Module:
    """With normalisation and scores such that classes change from place to place, in evaluation."""
    generator = torch.Generator().manual_seed(1)
    pictures = functional.interpolate(
        torch.randn(2, 3, 16, 24, generator=generator), size, mode="bicubic"
    )
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0  # the statistics of the pictures that come next
    with torch.no_grad():
        model.train()(pictures)
        hooks = [
            module.register_forward_hook(_spread)
            for module in model.eval().modules()
            if isinstance(module, nn.Conv2d) and module.out_channels == CLASSES
        ]
        model(pictures)
    for hook in hooks:
        hook.remove()
    return model


def _spread(layer: nn.Conv2d, _: object, scores: Tensor) -> None:
    """Scales a last layer so that each class has mean 0 and deviation 3."""
    mean, deviation = scores.mean((0, 2, 3)), scores.std((0, 2, 3)) / 3
    bias = 0 if layer.bias is None else layer.bias
    layer.weight.copy_(layer.weight / deviation[:, None, None, None])
    if layer.bias is not None:
        layer.bias.copy_((bias - mean) / deviation)


class Segmenter(NamedTuple):
    """What `accelerate` gets, and how its own library labels a picture.

    model:   any object
    own:     uint8 RGB [H, W, 3] -> labels [H, W]
    options: of `accelerate`
    counts:  the module or object whose calls are counted
    """

    model: Any
    own: Callable[[np.ndarray], np.ndarray]
    options: dict[str, Any] = {}  # noqa: RUF012  # never changed


class Plain(nn.Module):
    """Stride 4, in a few layers."""

    def __init__(self, classes: int = CLASSES, stride: int = 4) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 5, stride=stride, padding=2)
        self.last = nn.Conv2d(8, classes, 3, padding=1)

    def forward(self, pictures: Tensor) -> Tensor:
        return 4 * self.last(functional.relu(self.first(pictures)))


class InDict(Plain):
    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        return {"aux": pictures, "out": super().forward(pictures)}


def of_tensors() -> Segmenter:
    torch.manual_seed(0)
    model = Plain().eval()
    return Segmenter(
        model,
        lambda image: to_size(model(prepared(image)), image.shape[:2])[0].argmax(0).numpy(),
    )


def of_dicts() -> Segmenter:
    torch.manual_seed(0)
    model = InDict().eval()
    return Segmenter(
        model,
        lambda image: to_size(model(prepared(image))["out"], image.shape[:2])[0].argmax(0).numpy(),
    )


def torchvision_lraspp() -> Segmenter:
    from torchvision.models.segmentation import lraspp_mobilenet_v3_large

    torch.manual_seed(0)
    model = lively(
        lraspp_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=CLASSES)
    )
    return Segmenter(model, lambda image: model(prepared(image))["out"][0].argmax(0).numpy())


def torchvision_fcn() -> Segmenter:
    """The class of torchvision's FCN and DeepLabV3 around a small backbone."""
    from torchvision.models.segmentation.fcn import FCN, FCNHead

    class Backbone(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Conv2d(3, 16, 9, stride=8, padding=4)

        def forward(self, pictures: Tensor) -> dict[str, Tensor]:
            return {"out": self.layer(pictures)}

    torch.manual_seed(0)
    model = lively(FCN(Backbone(), FCNHead(16, CLASSES)))
    return Segmenter(model, lambda image: model(prepared(image))["out"][0].argmax(0).numpy())


def segformer() -> Segmenter:
    """With its image processor, which resizes to a square."""
    from transformers import (
        SegformerConfig,
        SegformerForSemanticSegmentation,
        SegformerImageProcessor,
    )

    torch.manual_seed(0)
    config = SegformerConfig(
        depths=[1] * 4, hidden_sizes=[8] * 4, num_attention_heads=[1] * 4, decoder_hidden_size=8,
        num_labels=CLASSES, mlp_ratios=[1] * 4, initializer_range=0.5,
    )  # fmt: skip
    model = lively(SegformerForSemanticSegmentation(config))
    processor = SegformerImageProcessor(size={"height": 64, "width": 64})

    def own(image: np.ndarray) -> np.ndarray:
        pixels = processor(images=image, return_tensors="pt")["pixel_values"]
        maps = processor.post_process_semantic_segmentation(
            model(pixel_values=pixels), [image.shape[:2]]
        )
        return maps[0].numpy()

    return Segmenter(model, own, {"preprocess": processor})


def mask2former() -> Segmenter:
    from transformers import (
        Mask2FormerConfig,
        Mask2FormerForUniversalSegmentation,
        Mask2FormerImageProcessor,
        SwinConfig,
    )

    torch.manual_seed(0)
    backbone = SwinConfig(
        embed_dim=8, depths=[1] * 4, num_heads=[1] * 4, window_size=4,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )  # fmt: skip
    config = Mask2FormerConfig(
        backbone_config=backbone, feature_size=32, mask_feature_size=32, hidden_dim=32,
        encoder_feedforward_dim=16, dim_feedforward=16, encoder_layers=1, decoder_layers=1,
        num_attention_heads=2, num_queries=20, num_labels=CLASSES,
    )  # fmt: skip
    model = Mask2FormerForUniversalSegmentation(config).eval()
    masks = model.model.pixel_level_module.decoder.mask_projection
    for part, scale in ((model.class_predictor, 20), (masks, 50)):  # queries that differ
        nn.init.normal_(part.weight, std=scale * float(part.weight.detach().std()))
        nn.init.zeros_(part.bias)
    processor = Mask2FormerImageProcessor(
        do_resize=True, size={"height": 64, "width": 96}, do_pad=False, size_divisor=32
    )

    def own(image: np.ndarray) -> np.ndarray:
        pixels = processor(images=image, return_tensors="pt")["pixel_values"]
        maps = processor.post_process_semantic_segmentation(
            model(pixel_values=pixels), [image.shape[:2]]
        )
        return maps[0].numpy()

    return Segmenter(model, own, {"preprocess": processor})


def _smp(name: str, **more: Any) -> Segmenter:
    import segmentation_models_pytorch as smp

    torch.manual_seed(0)
    model = getattr(smp, name)("resnet18", encoder_weights=None, classes=CLASSES, **more)
    model = lively(model)

    def own(image: np.ndarray) -> np.ndarray:
        height, width = image.shape[:2]
        stride = model.encoder.output_stride
        below, right = -height % stride, -width % stride
        pictures = functional.pad(prepared(image), (0, right, 0, below), mode="replicate")
        return model(pictures)[0, :, :height, :width].argmax(0).numpy()

    return Segmenter(model, own)


def smp_fpn() -> Segmenter:
    """Upsamples with aligned corners."""
    return _smp("FPN", decoder_pyramid_channels=16, decoder_segmentation_channels=32)


def smp_unet() -> Segmenter:
    """Stride 1."""
    return _smp("Unet", decoder_channels=(16, 8, 8, 4, 4))


def _onnx(size: Size | None) -> Segmenter:
    torch.manual_seed(0)
    model = Plain().eval()
    path = Path(tempfile.mkdtemp()) / "network.onnx"
    height, width = size or (64, 96)
    axes = None if size else {"pictures": {0: "n", 2: "h", 3: "w"}}
    torch.onnx.export(
        model, (torch.zeros(1, 3, height, width),), path, input_names=["pictures"],
        output_names=["scores"], dynamic_axes=axes, dynamo=False, verbose=False,
    )  # fmt: skip
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def own(image: np.ndarray) -> np.ndarray:
        picture = prepared(image)
        scores = torch.from_numpy(session.run(None, {"pictures": picture.numpy()})[0])
        return to_size(scores, image.shape[:2])[0].argmax(0).numpy()

    return Segmenter(path if size else session, own)


def onnx_file() -> Segmenter:
    """Of one size, that of the tests' videos."""
    return _onnx((80, 112))


def onnx_session() -> Segmenter:
    return _onnx(None)


def program() -> Segmenter:
    """A .pt2 file."""
    torch.manual_seed(0)
    model = Plain().eval()
    path = Path(tempfile.mkdtemp()) / "network.pt2"
    batch = {"pictures": {0: torch.export.Dim("n", min=1, max=64)}}
    pictures = torch.zeros(2, 3, 80, 112)
    torch.export.save(torch.export.export(model, (pictures,), dynamic_shapes=batch), path)
    return of_tensors()._replace(model=path, options={"trust": True})


def function() -> Segmenter:
    """A function with numpy in and out."""
    model = of_tensors().model

    def scores(image: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return model(prepared(image))[0].numpy()

    own = of_tensors().own
    return Segmenter(scores, own)


SEGMENTERS = {
    maker.__name__: maker
    for maker in (
        of_tensors, of_dicts, torchvision_lraspp, torchvision_fcn, segformer, mask2former, smp_fpn,
        smp_unet, onnx_file, onnx_session, program, function,
    )
}  # fmt: skip

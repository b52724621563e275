"""Networks that are `torch.nn.Module`s."""

from typing import Any

import torch
from torch import Tensor, nn

from bdnet.errors import BdnetError
from bdnet.inference.accelerate.adapters.base import Adapter, Choose, choose, scores_in
from bdnet.inference.accelerate.adapters.preprocessing import Batch, Normalise, Preprocess
from bdnet.inference.accelerate.scores import Features, Form, Output
from bdnet.models.precision import Precision, autocast


class Module(Adapter):
    """Any module that returns a tensor, a dict with `out`, or an object with `.logits`."""

    moves = True

    def __init__(
        self,
        model: nn.Module,
        preprocess: Preprocess | None = None,
        output: str | int | Choose | None = None,
        form: Form | None = None,
        precision: Precision = "float32",
    ) -> None:
        super().__init__(preprocess or Normalise(), form)
        self.model: Any = model.eval()
        self.precision = precision
        self._choose = choose(output)
        first = next(model.parameters(), None)
        self.device = torch.device("cpu") if first is None else first.device

    def to(self, device: torch.device) -> None:
        try:
            self.model.to(device)
        except (RuntimeError, AssertionError) as error:  # torch's ways to refuse a device
            raise BdnetError(f"device={device}: {str(error).splitlines()[0]}; use cpu") from error
        self.device = device

    def answer(self, batch: Batch) -> Output:
        with autocast(self.device, self.precision):
            return self.output(batch)

    def output(self, batch: Batch) -> Output:
        return Output(self._choose(self.forward(batch.pictures)), batch.extent)

    def forward(self, pictures: Tensor) -> Any:
        """Calls the network."""
        return self.model(pictures)


class Torchvision(Module):
    """torchvision: takes the scores before upsampling, which are cheaper to warp."""

    def forward(self, pictures: Tensor) -> Any:
        features = self.model.backbone(pictures)
        # LR-ASPP's classifier reads two features
        is_one = "out" in features
        return self.model.classifier(features["out"] if is_one else features)

    @staticmethod
    def fits(model: nn.Module) -> bool:
        home = type(model).__module__
        parts = hasattr(model, "backbone") and hasattr(model, "classifier")
        return home.startswith("torchvision.models.segmentation") and parts


class Smp(Module):
    """segmentation_models_pytorch: takes the scores before the head upsamples them.

    Its networks want sizes that their encoder's strides divide; pictures are padded to these.
    """

    def __init__(self, model: nn.Module, preprocess: Preprocess | None = None, **rest: Any) -> None:
        multiple = int(getattr(model.encoder, "output_stride", 32))
        super().__init__(model, preprocess or Normalise(multiple=multiple), **rest)
        upsampling = self.model.segmentation_head[1]
        self._is_upsampled = isinstance(upsampling, nn.Upsample)
        self._corners = bool(self._is_upsampled and upsampling.align_corners)

    def output(self, batch: Batch) -> Output:
        output = super().output(batch)
        return output._replace(corners=self._corners)

    def forward(self, pictures: Tensor) -> Any:
        if not self._is_upsampled:
            return self.model(pictures)
        self.model.check_input_shape(pictures)
        decoded = self.model.decoder(self.model.encoder(pictures))
        return self.model.segmentation_head[2](self.model.segmentation_head[0](decoded))

    @staticmethod
    def fits(model: nn.Module) -> bool:
        base = {kind.__module__.partition(".")[0] for kind in type(model).__mro__}
        return "segmentation_models_pytorch" in base and hasattr(model, "segmentation_head")


class Split(Module):
    """A network in two parts: the feature between them is warped."""

    def __init__(self, encoder: nn.Module, head: nn.Module, **rest: Any) -> None:
        super().__init__(encoder, **rest)
        self.head = head.eval()
        self.form = Features(self._labels_of)

    def to(self, device: torch.device) -> None:
        super().to(device)
        self.head.to(device)

    def _labels_of(self, feature: Tensor) -> Tensor:
        with torch.no_grad(), autocast(self.device, self.precision):
            scores: Tensor = scores_in(self.head(feature))
            return scores

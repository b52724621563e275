"""Chooses the adapter of a network by the object's type, and loads networks by name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from torch import nn

from bdnet.errors import BdnetError
from bdnet.inference.accelerate.adapters.base import Adapter, Choose
from bdnet.inference.accelerate.adapters.files import Onnx, exported_program, onnx_session
from bdnet.inference.accelerate.adapters.functions import Function
from bdnet.inference.accelerate.adapters.hugging_face import HuggingFace
from bdnet.inference.accelerate.adapters.modules import Module, Smp, Split, Torchvision
from bdnet.inference.accelerate.adapters.named import NAMES, named
from bdnet.inference.accelerate.adapters.preprocessing import Preprocess, preprocess_of
from bdnet.inference.accelerate.adapters.runs import OwnRun, own_run
from bdnet.inference.accelerate.scores import Form, Independent
from bdnet.inference.network import Network
from bdnet.models.precision import Precision

LIBRARIES = (Torchvision, HuggingFace, Smp)  # modules that need more than a plain call
EXAMPLES = ", ".join(f"{name}:{what}" for name, what in NAMES.items())


class Wishes(NamedTuple):
    """The user's settings for the network.

    preprocess: numbers, transform, processor or function; None: the adapter's own
    output:     key, position or function that finds the scores in the network's answer
    multilabel: several classes may hold in one pixel
    precision:  of a module's products
    threads:    of onnxruntime
    trust:      files may be opened that can run code
    """

    preprocess: Any = None
    output: str | int | Choose | None = None
    multilabel: bool = False
    precision: Precision = "float32"
    threads: int | None = None
    trust: bool = False

    @property
    def form(self) -> Form | None:
        return Independent() if self.multilabel else None

    @property
    def reading(self) -> Preprocess | None:
        return None if self.preprocess is None else preprocess_of(self.preprocess)

    def of_modules(self) -> dict[str, Any]:
        """The arguments of every adapter of a module."""
        return {"output": self.output, "form": self.form, "precision": self.precision}


def adapter_of(model: Any, wishes: Wishes, split: Any = None) -> Adapter:
    """model: an object of any library, or the name or path of one."""
    if split is not None:
        return _split(split, wishes)
    if isinstance(model, str | Path):
        return _of_name(str(model), wishes)
    if isinstance(model, nn.Module):
        return _of_module(model, wishes)
    return _of_object(model, wishes)


def _of_object(model: Any, wishes: Wishes) -> Adapter:
    if isinstance(model, Network):
        return OwnRun(model, form=wishes.form, precision=wishes.precision)
    if hasattr(model, "get_inputs") and hasattr(model, "run"):
        return Onnx(model, wishes.reading, wishes.output, wishes.form)
    if callable(model):
        if wishes.preprocess is not None:
            raise BdnetError("preprocess=: a function gets frames as they are; prepare them in it")
        return Function(model, wishes.output, wishes.form)
    raise BdnetError(
        f"network={model!r}: give a torch.nn.Module, an ONNX file or session, a .pt2 file, a "
        f"function of a picture, or a name ({EXAMPLES})"
    )


def _of_module(model: nn.Module, wishes: Wishes) -> Adapter:
    fitting = (kind for kind in LIBRARIES if wishes.output is None and kind.fits(model))
    return next(fitting, Module)(model, wishes.reading, **wishes.of_modules())


def _split(split: Any, wishes: Wishes) -> Adapter:
    if not (
        isinstance(split, tuple | list)
        and len(split) == 2
        and all(isinstance(part, nn.Module) for part in split)
    ):
        raise BdnetError("split=: give (encoder, head), two torch.nn.Modules")
    encoder, head = split
    reading, output = wishes.reading, wishes.output
    return Split(encoder, head, preprocess=reading, output=output, precision=wishes.precision)


def _of_name(name: str, wishes: Wishes) -> Adapter:
    library, _, what = name.partition(":")
    ending = Path(name).suffix
    if library == "onnx" or ending == ".onnx":
        path = Path(what if library == "onnx" else name)
        session = onnx_session(path, wishes.threads)
        return Onnx(session, wishes.reading, wishes.output, wishes.form)
    if ending == ".pt2":
        path = Path(what if library == "pt2" else name)
        more = wishes.of_modules()
        return exported_program(path, wishes.trust, preprocess=wishes.reading, **more)
    if library == "run":
        return own_run(Path(what), form=wishes.form, precision=wishes.precision)
    makers: dict[str, Callable[[str], Any]] = named()
    if library not in makers or not what:
        raise BdnetError(
            f"network={name}: no such network; use one of {EXAMPLES}, FILE.onnx, FILE.pt2"
        )
    found = makers[library](what)
    if wishes.preprocess is None:
        wishes = wishes._replace(preprocess=found.preprocess)
    adapter = _of_module(found.model, wishes)
    adapter.classes = found.classes or adapter.classes
    return adapter

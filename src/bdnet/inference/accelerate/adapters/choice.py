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
EXAMPLES = ", ".join(f"{library}:{name}" for library, name in NAMES.items())


class Options(NamedTuple):
    """The user's settings for the network.

    preprocess: numbers, transform, processor or function; None: the adapter's own
    output:     key, position or function that selects the scores in the network's output
    multilabel: a pixel may have several classes
    precision:  of a module's matrix products
    threads:    of onnxruntime
    trust:      whether to open files that can run code
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
    def reader(self) -> Preprocess | None:
        return None if self.preprocess is None else preprocess_of(self.preprocess)

    def module_arguments(self) -> dict[str, Any]:
        """The arguments of every adapter of a module."""
        return {"output": self.output, "form": self.form, "precision": self.precision}


def adapter_of(model: Any, options: Options, split: Any = None) -> Adapter:
    """The adapter of a network: an object of any library, or its name or path."""
    if split is not None:
        return _split(split, options)
    if isinstance(model, str | Path):
        return _of_name(str(model), options)
    if isinstance(model, nn.Module):
        return _of_module(model, options)
    return _of_object(model, options)


def _of_object(model: Any, options: Options) -> Adapter:
    if isinstance(model, Network):
        return OwnRun(model, form=options.form, precision=options.precision)
    if hasattr(model, "get_inputs") and hasattr(model, "run"):
        return Onnx(model, options.reader, options.output, options.form)
    if callable(model):
        if options.preprocess is not None:
            raise BdnetError("preprocess=: a function gets frames as they are; prepare them in it")
        return Function(model, options.output, options.form)
    raise BdnetError(
        f"network={model!r}: give a torch.nn.Module, an ONNX file or session, a .pt2 file, a "
        f"function of a picture, or a name ({EXAMPLES})"
    )


def _of_module(model: nn.Module, options: Options) -> Adapter:
    fitting = (kind for kind in LIBRARIES if options.output is None and kind.fits(model))
    return next(fitting, Module)(model, options.reader, **options.module_arguments())


def _split(split: Any, options: Options) -> Adapter:
    if not (
        isinstance(split, tuple | list)
        and len(split) == 2
        and all(isinstance(part, nn.Module) for part in split)
    ):
        raise BdnetError("split=: give (encoder, head), two torch.nn.Modules")
    encoder, head = split
    reader, output = options.reader, options.output
    return Split(encoder, head, preprocess=reader, output=output, precision=options.precision)


def _of_name(name: str, options: Options) -> Adapter:
    library, _, source = name.partition(":")
    ending = Path(name).suffix
    if library == "onnx" or ending == ".onnx":
        path = Path(source if library == "onnx" else name)
        session = onnx_session(path, options.threads)
        return Onnx(session, options.reader, options.output, options.form)
    if ending == ".pt2":
        path = Path(source if library == "pt2" else name)
        arguments = options.module_arguments()
        return exported_program(path, options.trust, preprocess=options.reader, **arguments)
    if library == "run":
        return own_run(Path(source), form=options.form, precision=options.precision)
    makers: dict[str, Callable[[str], Any]] = named()
    if library not in makers or not source:
        raise BdnetError(
            f"network={name}: no such network; use one of {EXAMPLES}, FILE.onnx, FILE.pt2"
        )
    network = makers[library](source)
    if options.preprocess is None:
        options = options._replace(preprocess=network.preprocess)
    adapter = _of_module(network.model, options)
    adapter.classes = network.classes or adapter.classes
    return adapter

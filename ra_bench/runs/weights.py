"""Weights that a user gives a model to start from: which, from where, and what of them fits."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from ra_bench.errors import WeightsError
from ra_bench.files import make_folder
from ra_bench.training.about import about_weights
from ra_bench.values import GivenWeights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.plugins import Registry
    from ra_bench.specs import ModelSpec

#: Asks for what a model's own library has learnt from ImageNet, instead of a file.
IMAGENET = "imagenet"

#: Names in a sentence; the record has all.
_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a model starts: a file, and what is known of it."""

    file: Path
    given: GivenWeights


def find_weights(registry: Registry, texts: Sequence[str], models: Sequence[str], data: Path) -> dict[str, Start]:
    """The weights that `--weights` asks for, by model, each checked against its network.

    Parameters
    ----------
    texts
        `MODEL=FILE`, `MODEL=imagenet`, or a file or `imagenet` alone where the run has one model.
    models
        Those of the run.
    data
        Keeps what was fetched.

    Raises
    ------
    WeightsError
        No model or another one than those of the run, no such file, or one that does not fit.
    """
    wanted: dict[str, str] = {}
    for text in texts:
        model, source = _asked(text, models)
        if model in wanted:
            raise WeightsError(f"--weights {text}: '{model}' gets weights twice. Give them once.")
        wanted[model] = source
    return {model: _start(registry, model, source, data) for model, source in wanted.items()}


def check_weights(spec: ModelSpec, file: Path) -> GivenWeights:
    """What of a file of weights fits a model's body.

    Raises
    ------
    WeightsError
        The file cannot be read, the model names no head, not one weight fits, or the file says that it was made with
        another model and does not hold all that this one needs.
    """
    from torch import nn

    from ra_bench.training.weights import fit_weights, read_weights

    if spec.head is None:
        raise WeightsError(
            f"The model '{spec.name}' takes no weights: it names no head, the last layer, which is always learnt anew. "
            "Leave it out of --weights; in a model of yours, give ModelSpec.head."
        )
    tensors = read_weights(file)
    network = spec.build()
    if not isinstance(network, nn.Module) or spec.head not in dict(network.named_modules()):
        raise WeightsError(
            f"The model '{spec.name}' takes no weights: its head '{spec.head}' is no layer of what it builds, a "
            f"{type(network).__name__}. Correct ModelSpec.head."
        )
    fit = fit_weights(tensors, network, spec.head)
    about = about_weights(file)
    wanted = sum(not name.startswith(f"{spec.head}.") for name in network.state_dict())
    if not any(name in fit.tensors for name, _ in network.named_parameters()):
        named = [name for name in tensors if name.endswith(("weight", "bias"))] or list(tensors)
        raise WeightsError(
            f"{file}: not one of its {len(tensors)} tensors fits the model '{spec.name}'. It has {_some(named)}"
            f"; the model has {_some([name for name, _ in network.named_parameters()])}. "
            f"{_made_with(about) or 'They are weights of another network.'}"
        )
    absent = (*fit.missing, *fit.other_shape)
    if absent and about.get("model", spec.name) != spec.name:
        raise WeightsError(
            f"{file}: {_made_with(about)} {len(absent)} of {wanted} tensors of '{spec.name}' are not in it, or of "
            f"another shape: {_some(absent)}. Give it to '{about['model']}', or make one with "
            f"'ra-bench pretrain {spec.name}'."
        )
    return GivenWeights(
        file=file.name,
        sha256=digest_of(file),
        trained_on=about.get("dataset", ""),
        loaded=len(fit.tensors),
        wanted=wanted,
        adapted=fit.adapted,
        missing=fit.missing,
        unexpected=fit.unexpected,
        other_shape=fit.other_shape,
    )


def digest_of(file: Path) -> str:
    """sha256 of a file.

    Raises
    ------
    WeightsError
        It cannot be read.
    """
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"{file}: cannot be read: {error.strerror}. Give the file of the weights.") from None


def weights_text(given: GivenWeights) -> str:
    """What was given and what of it fitted, in a few sentences."""
    trained = f", trained on {given.trained_on}" if given.trained_on else ""
    start = (
        f"Starts from {given.file} (sha256 {given.sha256[:8]}){trained}: "
        f"{given.loaded} of {given.wanted} tensors loaded."
    )
    parts = [
        start,
        f"Not in the file: {_some(given.missing)}." if given.missing else "",
        f"Of another shape or kind: {_some(given.other_shape)}." if given.other_shape else "",
        f"Not in the model: {_some(given.unexpected)}." if given.unexpected else "",
        f"Made for one channel, given to three: {_some(given.adapted)}." if given.adapted else "",
        "" if given.trained_on else "The file does not say on what it was trained: it may have seen the test films.",
    ]
    return " ".join(part for part in parts if part)


def _asked(text: str, models: Sequence[str]) -> tuple[str, str]:
    """Model and source of what was asked for."""
    model, equals, source = text.partition("=")
    if not equals or Path(text).is_file():
        if len(models) != 1:
            raise WeightsError(
                f"--weights {text}: the run has {len(models)} models, {_some(models)}. Say which one gets them: "
                f"--weights MODEL={text}"
            )
        return models[0], text
    if model not in models:
        raise WeightsError(
            f"--weights {text}: '{model}' is not a model of this run, which has {_some(models)}. "
            "Correct the name, or add it to --models."
        )
    return model, source


def _start(registry: Registry, model: str, source: str, data: Path) -> Start:
    file = _imagenet(registry, model, data) if source == IMAGENET else Path(source).resolve()
    return Start(file=file, given=check_weights(registry.get("model", model), file))


def _imagenet(registry: Registry, model: str, data: Path) -> Path:
    """The file of a model's ImageNet weights, fetched by its own library now if it is not kept."""
    from ra_bench.training.weights import write_weights

    spec: ModelSpec = registry.get("model", model)
    if spec.imagenet is None:
        known = [name for name in registry.names("model") if registry.get("model", name).imagenet is not None]
        raise WeightsError(
            f"There are no ImageNet weights for '{model}'. Models that have them: {', '.join(known) or 'none'}. "
            f"Weights from elsewhere are given as a file: --weights {model}=FILE"
        )
    source = registry.origin("model", model).source
    file = data / "pretrained" / f"{model.replace('/', '--')}-{IMAGENET}-{source}.safetensors"
    make_folder(file.parent)
    with FileLock(file.with_suffix(".lock")):
        if not file.exists():
            tensors = _fetched(spec)
            about = {"format": "pt", "model": model, "dataset": "ImageNet", "source": spec.imagenet.source}
            write_weights(tensors, about, file)
    return file


def _fetched(spec: ModelSpec) -> dict[str, Any]:
    imagenet = spec.imagenet
    if imagenet is None:
        raise AssertionError("asked before")
    try:
        return dict(imagenet.load())
    except Exception as error:  # whatever a library raises without a network
        first = (str(error).strip().splitlines() or [""])[0]
        raise WeightsError(
            f"The ImageNet weights of '{spec.name}' could not be fetched ({type(error).__name__}: {first}).\n"
            f"They are {imagenet.source}\n"
            "Without a network, fetch that file where there is one, bring it here and give it: "
            f"--weights {spec.name}=FILE"
        ) from error


def _made_with(about: dict[str, str]) -> str:
    return f"The file says that it was made with the model '{about['model']}'." if about.get("model") else ""


def _some(names: Sequence[str]) -> str:
    """The first names, and how many more."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")

"""Weights in files: ours as safetensors, others' as they come; and what of them fits a network."""

from __future__ import annotations

import json
import pickle
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ra_bench.errors import WeightsError
from ra_bench.files import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: What wrappers put before a tensor's name: DataParallel, Lightning and others, torch.compile.
PREFIXES = ("module.", "model.", "_orig_mod.")

#: Where a checkpoint of torch keeps its tensors, if not at the top.
_NESTED = ("state_dict", "model_state_dict", "weights", "model")

#: A count that batch norm keeps; our networks do not use it, and old files lack it.
_COUNTER = "num_batches_tracked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What of a file fits a network's body, under the network's names; the rest by name.

    `adapted` were made for one channel and are given to three; they are among `tensors`.
    """

    tensors: Mapping[str, Tensor]
    adapted: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    other_shape: tuple[str, ...]


def write_weights(tensors: Mapping[str, Tensor], about: Mapping[str, str], file: Path) -> None:
    """Write tensors and what is known of them as safetensors, whole or not at all; same content, same bytes."""
    from safetensors.torch import save

    content = save({name: value.contiguous() for name, value in tensors.items()}, metadata=dict(about))
    with replacing(file) as temporary:
        temporary.write_bytes(_in_order(content))


def read_weights(file: Path) -> dict[str, Tensor]:
    """The tensors of a file by name: safetensors, or what `torch.save` wrote of tensors, numbers and texts.

    Raises
    ------
    WeightsError
        No such file, no weights in it, a tensor that holds nan or infinity, or pickled objects, which are never loaded.
    """
    try:
        with file.open("rb") as stream:
            head = stream.read(9)
    except OSError as error:
        raise WeightsError(f"{file}: cannot be read: {error.strerror}. Give the file of the weights.") from None
    tensors = _of_safetensors(file) if head[8:] == b"{" else _of_torch(file)
    for name, value in tensors.items():
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise WeightsError(f"{file}: the tensor '{name}' holds nan or infinity. These weights cannot be used.")
    return tensors


def fit_weights(tensors: Mapping[str, Tensor], model: nn.Module, head: str) -> Fit:
    """Match tensors with a network's body by name and shape. The head's are left out, on either side.

    Names may have one of `PREFIXES` before them. A first convolution for one channel is given to three: films are one
    grey in three channels, so that a third of its weights for each gives the same sums.
    """
    wanted = {name: value for name, value in model.state_dict().items() if not name.startswith(f"{head}.")}
    found: dict[str, Tensor] = {}
    unexpected = []
    for given, value in sorted(tensors.items(), key=lambda item: item[0] not in wanted):  # exact names first
        name = _stripped(given, wanted, head)
        if name.startswith(f"{head}."):
            continue
        if name in wanted and name not in found:
            found[name] = value
        else:
            unexpected.append(given)
    adapted = {name: value.repeat(1, 3, 1, 1) / 3 for name, value in found.items() if _is_grey(value, wanted[name])}
    found |= adapted
    fits = {name: value for name, value in found.items() if _is_alike(value, wanted[name])}
    return Fit(
        tensors=fits,
        adapted=tuple(sorted(adapted)),
        missing=tuple(sorted(name for name in wanted.keys() - found.keys() if not name.endswith(_COUNTER))),
        unexpected=tuple(sorted(name for name in unexpected if not name.endswith(_COUNTER))),
        other_shape=tuple(sorted(found.keys() - fits.keys())),
    )


def _stripped(name: str, wanted: Mapping[str, Tensor], head: str) -> str:
    """A name without what wrappers put before it."""
    while name not in wanted and not name.startswith(f"{head}."):
        prefix = next((prefix for prefix in PREFIXES if name.startswith(prefix)), None)
        if prefix is None:
            break
        name = name.removeprefix(prefix)
    return name


def _is_grey(value: Tensor, wanted: Tensor) -> bool:
    """Whether it is a convolution (out, 1, k, k) where (out, 3, k, k) is wanted."""
    return wanted.ndim == 4 and wanted.shape[1] == 3 and value.shape == (len(wanted), 1, *wanted.shape[2:])


def _is_alike(value: Tensor, wanted: Tensor) -> bool:
    """Of one shape and one kind: whole numbers where fractions are wanted are quantised, and mean something else."""
    return value.shape == wanted.shape and value.is_floating_point() == wanted.is_floating_point()


def _of_safetensors(file: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors: dict[str, Tensor] = load_file(file)
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"{file}: is no whole safetensors file ({error}). Fetch or write it anew.") from None
    return tensors


def _of_torch(file: Path) -> dict[str, Tensor]:
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "GLOBAL" not in str(error) and "Unsupported class" not in str(error):
            raise WeightsError(_no_weights(file, "torn, or of another kind")) from None
        raise WeightsError(
            f"{file}: holds pickled objects, not only tensors. Loading them could run any program, so it is not done. "
            "Where it was made, save the weights alone: torch.save(network.state_dict(), FILE), or better "
            "safetensors.torch.save_file(network.state_dict(), FILE)."
        ) from None
    except (OSError, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise WeightsError(_no_weights(file, str(error).splitlines()[0] if str(error) else "torn")) from None
    tensors = _tensors(content)
    if not tensors:
        raise WeightsError(f"{file}: holds no tensors by name. Give a file with a network's state_dict.")
    return tensors


def _no_weights(file: Path, why: str) -> str:
    return (
        f"{file}: is no file of weights ({why.rstrip('.')}). Give a .safetensors file, or a .pt file that torch.save "
        "wrote of a state_dict."
    )


def _tensors(content: object) -> dict[str, Tensor]:
    """The tensors at the top of a checkpoint, or where checkpoints keep them."""
    if not isinstance(content, dict):
        return {}
    found = {name: value for name, value in content.items() if isinstance(name, str) and isinstance(value, Tensor)}
    inner = next((content[name] for name in _NESTED if isinstance(content.get(name), dict)), None)
    return found or ({} if inner is None else _tensors(inner))


def _in_order(content: bytes) -> bytes:
    """The same safetensors with its header sorted: the library writes what is known in an order that changes."""
    (length,) = struct.unpack("<Q", content[:8])
    header = json.dumps(json.loads(content[8 : 8 + length]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)  # tensors start at a multiple of eight
    return struct.pack("<Q", len(header)) + header + content[8 + length :]

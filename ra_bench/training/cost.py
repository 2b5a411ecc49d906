"""What a model costs: parameters and multiply-adds, and the operations whose multiply-adds nobody counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode, flop_registry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Operations without multiply-adds in the sense of the paper, beside those that torch itself marks as a view or as
#: element by element. They move numbers, make them, or add up or compare each about once: norms, pooling, softmax.
_FREE = """
_adaptive_avg_pool2d _adaptive_avg_pool3d _log_softmax _native_batch_norm_legit _native_batch_norm_legit_no_training
_pdist_forward _prelu_kernel _reshape_copy _safe_softmax _softmax _to_copy _unsafe_index _unsafe_view
_upsample_nearest_exact2d adaptive_max_pool2d alias_copy all amax amin any arange argmax argmin as_strided_ avg_pool2d
batch_norm_update_stats cat constant_pad_nd copy_ cudnn_batch_norm embedding empty empty_like empty_strided fill_ full
full_like gather hardswish hardswish_ index index_put index_select linalg_vector_norm masked_fill masked_select max
max_pool2d_with_indices mean min miopen_batch_norm native_batch_norm native_channel_shuffle native_dropout
native_group_norm native_layer_norm new_empty new_empty_strided new_full new_ones new_zeros ones ones_like pixel_shuffle
pixel_unshuffle prod reflection_pad2d repeat replication_pad2d resize_ roll scalar_tensor scatter set_ sort stack std
sum topk upsample_nearest2d var var_mean zeros zeros_like
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Multiply-adds of one film, and the operations that are not among them because torch has no formula for them."""

    madds: int
    uncounted: tuple[str, ...]


class _Seen(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch gives it no types
    """Names of operations that torch's counter passes over and that are not known to be free."""

    supports_higher_order_operators = True

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # nor this
        self.names: set[str] = set()

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if not _is_accounted_for(func):
            self.names.add(str(func).rpartition(".")[0] or str(func))
        return func(*args, **(kwargs or {}))


def count_parameters(model: nn.Module) -> int:
    """Number of weights and biases, trained or not; running statistics do not count."""
    return sum(parameter.numel() for parameter in model.parameters())


def count_madds(model: nn.Module, *, height: int, width: int) -> Counted:
    """Multiply-adds of one film of (3, height, width) through the model, by running it once.

    Convolutions and matrix products are counted, as in Wang et al. 2022, eqs. 4-8; norms, activations and pooling are
    not. Two floating-point operations are one multiply-add. What torch has no formula for, such as a Fourier transform,
    bilinear resizing or an operation of a package's own, is not counted but named.
    """
    device = next(model.parameters()).device
    film = torch.zeros((1, 3, height, width), device=device).contiguous(memory_format=torch.channels_last)
    was_training = model.training
    model.eval()
    # Attention is done by its matrix products, which are counted on every device; its fused kernels are not.
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), _Seen() as seen, FlopCounterMode(display=False) as counter:
        model(film)
    model.train(was_training)
    return Counted(madds=int(counter.get_total_flops()) // 2, uncounted=tuple(sorted(seen.names)))


def _is_accounted_for(operation: Callable[..., Any]) -> bool:
    """Whether torch counts it, or it has nothing to count."""
    if not isinstance(operation, torch._ops.OpOverload):  # noqa: SLF001 - torch gives the class no public name
        return False
    name = operation._schema.name.removeprefix("aten::")  # noqa: SLF001 - nor its schema
    counted = operation.overloadpacket in flop_registry
    return counted or operation.is_view or torch.Tag.pointwise in operation.tags or name in _FREE.split()

"""What this distribution registers: `attention-mil`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench import ModelSpec, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

    from ra_bench_mil.net import AttentionMIL

CITATION = (
    "After the idea of Ilse M, Tomczak JM, Welling M. Attention-based deep multiple instance learning. ICML 2018, "
    "arXiv:1802.04712; on hand films: Bo et al. 2025, arXiv:2508.06218. Not their networks."
)


def build() -> AttentionMIL:
    """A network that scores the patches of a film."""
    from ra_bench_mil.net import AttentionMIL

    return AttentionMIL()


def attention(network: AttentionMIL, films: Tensor) -> Tensor:
    """Films (batch, 3, height, width) to the weight of each patch, (batch, rows, columns)."""
    return network.attention(network.features(films))


@hookimpl
def register_models() -> list[ModelSpec]:
    """A network that weighs patches, and can say how."""
    return [
        ModelSpec(
            name="attention-mil",
            build=build,
            citation=CITATION,
            head="score",
            parameters=118_273,
            attention=attention,
        )
    ]

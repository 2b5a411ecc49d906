"""Equations 4, 6, 7 and 8 of Wang et al. 2022 against torch's count of operations.

D_K: side of the filter; D_F: side of the film; M, N: channels in and out; t: expansion. Stride 1.
"""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ra_bench_resnet_dwise50.net import Block, BlockShape

D_K, D_F, M, N, T = 3, 28, 32, 64, 6


def multiply_adds(*layers: nn.Module) -> int:
    network = nn.Sequential(*layers).to("meta").eval()
    with FlopCounterMode(display=False) as counter:
        network(torch.empty(1, M, D_F, D_F, device="meta"))
    return int(counter.get_total_flops()) // 2


def standard() -> int:
    return multiply_adds(nn.Conv2d(M, N, D_K, padding=1, bias=False))


def depthwise_separable() -> int:
    depthwise = nn.Conv2d(M, M, D_K, padding=1, groups=M, bias=False)
    return multiply_adds(depthwise, nn.Conv2d(M, N, 1, bias=False))


def test_equation_4_counts_a_standard_convolution() -> None:
    assert standard() == D_K**2 * M * N * D_F**2


def test_equation_6_counts_a_depthwise_separable_convolution() -> None:
    assert depthwise_separable() == D_K**2 * M * D_F**2 + M * N * D_F**2


def test_equation_7_is_the_ratio_of_the_two() -> None:
    assert depthwise_separable() / standard() == pytest.approx(1 / N + 1 / D_K**2, rel=1e-12)


def test_equation_8_counts_an_inverted_residual_block() -> None:
    block = Block(BlockShape(inputs=M, hidden=T * M, outputs=N, stride=1))
    shortcut = M * N * D_F**2  # equation 8 counts the residual only

    assert multiply_adds(block) - shortcut == T * M * D_F**2 * (D_K**2 + M + N)

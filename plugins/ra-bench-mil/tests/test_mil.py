"""Attention over patches: its counts and shapes, that it is what its equations say, that it learns where to look."""

import subprocess
import sys
from typing import cast

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from ra_bench_mil.net import AttentionMIL
from ra_bench_mil.plugin import attention, build, register_models

CELL = 4  # pixels from patch to patch


@pytest.fixture
def network() -> AttentionMIL:
    torch.manual_seed(0)
    return build()


def test_it_registers_one_model_that_says_where_it_looks() -> None:
    (spec,) = register_models()

    assert (spec.name, spec.trainer, spec.in_all, spec.baseline) == ("attention-mil", "standard", True, False)
    assert spec.attention is attention
    assert "arXiv:1802.04712" in spec.citation
    assert "arXiv:2508.06218" in spec.citation


def test_the_count_of_parameters_that_it_declares_is_that_of_its_layers(network: nn.Module) -> None:
    steps = [(1, 32, 4), (32, 64, 3), (64, 64, 3), (64, 64, 3), (64, 128, 1)]  # inputs, outputs, window
    patches = sum(inputs * outputs * window**2 + 2 * outputs for inputs, outputs, window in steps)  # a norm has two
    pooling = 2 * (128 * 64 + 64) + 64 + (128 + 1)

    assert register_models()[0].parameters == patches + pooling == 118_273
    assert sum(parameter.numel() for parameter in network.parameters()) == 118_273


def test_its_multiply_adds_under_quick_are_those_of_its_layers() -> None:
    with torch.device("meta"):
        network = build().eval()
    with FlopCounterMode(display=False) as counter:  # convolutions and linear layers, two operations a multiply-add
        network(torch.empty(1, 3, 96, 128, device="meta"))
    halves = 48 * 64 * 16 * 32
    quarters = 24 * 32 * (32 * 64 * 9 + 2 * 64 * 64 * 9 + 64 * 128 + 2 * 128 * 64 + 64 + 128)

    assert counter.get_total_flops() // 2 == halves + quarters


def test_a_score_is_the_sum_of_the_patches_scores_by_their_weights(network: AttentionMIL) -> None:
    """Ilse et al. 2018, eqs. 8 and 9, written out for one film, and a linear head on what they pool."""
    film = torch.randn(1, 3, 32, 48)
    network.eval()
    with torch.no_grad():
        patches = network.features(film)[0].flatten(1).T  # (patches, features)
        what, gate = (
            torch.addmm(layer.bias, patches, layer.weight.flatten(1).T) for layer in (network.what, network.gate)
        )
        given = (torch.tanh(what) * torch.sigmoid(gate)) @ network.weight.weight.flatten()
        weights = torch.exp(given) / torch.exp(given).sum()
        pooled = weights @ patches
        expected = pooled @ network.score.weight.flatten() + network.score.bias

        torch.testing.assert_close(network(film)[0], expected, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(attention(network, film).flatten(), weights, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("size", [(96, 128), (33, 65), (256, 256)])
def test_attention_is_a_weight_for_each_cell_and_sums_to_one(network: AttentionMIL, size: tuple[int, int]) -> None:
    given = attention(network.eval(), torch.randn(2, 3, *size))

    assert given.shape == (2, size[0] // CELL, size[1] // CELL)
    assert (given > 0).all()
    torch.testing.assert_close(given.sum(dim=(1, 2)), torch.ones(2))


def test_odd_and_small_films_give_one_score_each(network: nn.Module) -> None:
    assert network(torch.randn(2, 3, 33, 65)).shape == (2, 1)
    assert network(torch.randn(2, 1, 33, 65)).shape == (2, 1)


def test_a_film_has_the_same_score_alone_and_among_others(network: nn.Module) -> None:
    network.eval()
    films = torch.randn(5, 3, 48, 64)

    torch.testing.assert_close(network(films)[2:3], network(films[2:3]))


def test_the_layout_in_memory_does_not_matter(network: nn.Module) -> None:
    network.eval()
    films = torch.randn(2, 3, 48, 64)
    expected = network(films)

    torch.testing.assert_close(network.to(memory_format=torch.channels_last)(films), expected, rtol=1e-4, atol=1e-5)


def test_it_stands_lower_precision(network: AttentionMIL) -> None:
    network.eval()
    films = torch.randn(2, 3, 48, 64)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        scores, weights = network(films), attention(network, films)

    torch.testing.assert_close(scores.float(), network(films), rtol=0.05, atol=0.05)
    torch.testing.assert_close(weights.float().sum(dim=(1, 2)), torch.ones(2), rtol=0.01, atol=0.01)


def test_its_weights_can_be_kept_and_brought_back(network: nn.Module) -> None:
    films = torch.randn(3, 3, 48, 64)
    network(films)  # moves the statistics of its norms
    other = build()
    other.load_state_dict(network.state_dict())

    torch.testing.assert_close(other.eval()(films), network.eval()(films))


def test_a_patch_sees_24_x_24_pixels_around_its_cell_and_no_others(network: AttentionMIL) -> None:
    network.eval()
    film = torch.randn(1, 3, 96, 128, requires_grad=True)
    row, column = 10, 15
    network.features(film)[0, :, row, column].sum().backward()  # type: ignore[no-untyped-call]  # torch gives it no types
    seen = cast("Tensor", film.grad)[0].abs().sum(dim=0).nonzero()

    assert seen.amin(dim=0).tolist() == [CELL * row - 11, CELL * column - 11]
    assert seen.amax(dim=0).tolist() == [CELL * row + 12, CELL * column + 12]


def test_the_score_reaches_every_parameter(network: nn.Module) -> None:
    network(torch.randn(2, 3, 64, 64)).square().sum().backward()

    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()] == []


@pytest.mark.slow
def test_it_learns_to_look_where_the_score_is_told() -> None:
    """Films of noise with one bright square: its brightness tells the score, its place is drawn for each film."""
    torch.manual_seed(0)
    network = build()
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)
    for _ in range(50):
        films, scores, _places = planted(16)
        optimiser.zero_grad()
        (network(films) - scores).square().mean().backward()
        optimiser.step()
    films, _scores, places = planted(32)
    with torch.no_grad():
        given = attention(network.eval(), films)
    around = [one[row - 3 : row + 4, column - 3 : column + 4] for one, (row, column) in zip(given, places, strict=True)]
    share = torch.stack([cells.sum() for cells in around]).mean()  # of the cells whose patch holds some of the square

    assert share > 2 * 7 * 7 / (12 * 16)  # twice chance


def planted(count: int) -> tuple[Tensor, Tensor, list[list[int]]]:
    """Films (count, 1, 48, 64), scores (count, 1), and of 12 x 16 cells the row and column where the square is."""
    films, brightness = torch.randn(count, 1, 48, 64), torch.randn(count, 1)
    places = torch.stack([torch.randint(3, 9, (count,)), torch.randint(3, 13, (count,))], dim=1).tolist()
    for film, value, (row, column) in zip(films, brightness, places, strict=True):
        film[0, CELL * row : CELL * row + CELL, CELL * column : CELL * column + CELL] += 4 + value
    return films, 10 * brightness, places


def test_listing_it_does_not_import_torch() -> None:
    code = "import sys, ra_bench_mil.plugin as it; it.register_models(); sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

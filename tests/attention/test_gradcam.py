"""Grad-CAM lands where a model looks, and is what its equation says."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
import torch

from ra_bench.attention.gradcam import check_library, follows, grad_cam, without_overwriting
from ra_bench.errors import AttentionError


@pytest.fixture
def square() -> torch.Tensor:
    """A film of -0.2 with a square of 1 in the cell of row 1 and column 2, of 4 x 4 cells of 4 pixels."""
    film = torch.full((1, 3, 16, 16), -0.2)
    film[..., 4:8, 8:12] = 1.0
    return film


def test_it_lands_on_the_bright_square(bright: dict[str, Any], square: torch.Tensor) -> None:
    found = grad_cam(bright["build"]().eval(), "1", square, "bright")[0]
    assert found.shape == (16, 16)
    assert np.unravel_index(found.argmax(), found.shape)[0] in range(4, 8)
    assert found[4:8, 8:12].mean() > 5 * found.mean()
    assert found[12:, :4].sum() == 0


def test_it_is_the_map_weighted_with_its_mean_gradient(bright: dict[str, Any], square: torch.Tensor) -> None:
    # Mean pooling over 16 cells: each cell's gradient is 1/16. The square's cell is 1, all others are 0 after the ReLU.
    cells = torch.zeros(1, 1, 4, 4)
    cells[0, 0, 1, 2] = 1 / 16
    expected = torch.nn.functional.interpolate(cells, (16, 16), mode="bilinear")[0, 0].numpy()
    np.testing.assert_allclose(grad_cam(bright["build"]().eval(), "1", square, "bright")[0], expected, atol=1e-7)


def test_a_layer_before_one_that_writes_over_its_input_is_explained_as_it_was(
    bright: dict[str, Any], square: torch.Tensor
) -> None:
    # Before the ReLU dark cells are -0.2, and through it only the square's has a gradient: 1/16, its mean 1/16 of that.
    cells = torch.zeros(1, 1, 4, 4)
    cells[0, 0, 1, 2] = 1 / 16**2
    expected = torch.nn.functional.interpolate(cells, (16, 16), mode="bilinear")[0, 0].numpy()
    np.testing.assert_allclose(grad_cam(bright["build"]().eval(), "0", square, "bright")[0], expected, atol=1e-7)


def test_what_speaks_for_a_lower_score_is_no_attention(bright: dict[str, Any], square: torch.Tensor) -> None:
    model = bright["build"]().eval()
    with torch.no_grad():
        model[4].weight.fill_(-1.0)
    assert not grad_cam(model, "1", square, "bright").any()


def test_layers_write_over_their_input_again_afterwards(bright: dict[str, Any]) -> None:
    model = bright["build"]()
    with without_overwriting(model):
        assert model[1].inplace is False
    assert model[1].inplace is True


def test_a_map_that_follows_has_the_share_that_is_covered_in_each_cell() -> None:
    places = np.zeros((8, 8), np.bool_)
    places[:2, :4] = True  # half of the upper left of 2 x 2 cells
    np.testing.assert_allclose(follows(places, (2, 2), (2, 2)), [[0.5, 0.0], [0.0, 0.0]])


def test_without_the_library_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "captum", None)
    with pytest.raises(AttentionError, match=r"pip install 'ra-bench\[attention\]'"):
        check_library()

"""Grad-CAM by captum: where on a film a feature map speaks for a higher score.

Selvaraju et al. 2017, arXiv:1610.02391. A map's channels are weighted with the mean gradient of the score over their
cells and added up; what is negative, and so speaks for a lower score, is set to 0. The map is enlarged to the film's
size, bilinearly. The library is captum, not our own: https://captum.ai.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ra_bench.errors import AttentionError
from ra_bench.training.predict import outputs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


def check_library() -> str:
    """The library with its version.

    Raises
    ------
    AttentionError
        It is not installed.
    """
    try:
        import captum
    except ImportError as error:
        raise AttentionError(
            "Grad-CAM takes the package captum, and overlays matplotlib, and they are not installed. Install them: "
            "pip install 'ra-bench[attention]'"
        ) from error
    return f"captum {captum.__version__}"


def grad_cam(model: nn.Module, layer: str, films: Tensor, name: str) -> NDArray[np.float64]:
    """Attention of each film, shape (n, height, width): 0 or more, in no unit; comparable within a film only.

    Parameters
    ----------
    model : nn.Module
        In evaluation mode, one output a film.
    layer : str
        Dotted name of a layer that gives a feature map; see `layer.find_layer`.
    films : Tensor of shape (n, 3, height, width)
        Normalised as in training.
    name : str
        Of the model, for errors.
    """
    from captum.attr import LayerAttribution, LayerGradCam

    def score(batch: Tensor) -> Tensor:
        return outputs(model, batch, columns=1, name=name)

    with without_overwriting(model), torch.enable_grad():
        found = LayerGradCam(score, model.get_submodule(layer)).attribute(films, target=0, relu_attributions=True)
    height, width = films.shape[2:]
    enlarged = LayerAttribution.interpolate(found.detach(), (height, width), "bilinear")
    return np.asarray(enlarged[:, 0].cpu().double().numpy(), dtype=np.float64)


@contextmanager
def without_overwriting(model: nn.Module) -> Iterator[None]:
    """Let no layer write over its input: a map must be what its layer gave, not what the next one made of it."""
    layers = [layer for layer in model.modules() if getattr(layer, "inplace", False) is True]
    for layer in layers:
        layer.inplace = False  # type: ignore[assignment]  # to torch's stubs every attribute is a tensor or a layer
    try:
        yield
    finally:
        for layer in layers:
            layer.inplace = True  # type: ignore[assignment]  # as above


def follows(places: NDArray[np.bool_], map_size: tuple[int, int], size: tuple[int, int]) -> NDArray[np.float64]:
    """Attention that follows some places as closely as a map of so many cells can, shape `size`.

    Each cell has the share of it that the places cover, and is enlarged as `grad_cam` does it.
    """
    covered = torch.from_numpy(places.astype(np.float32))[None, None]
    coarse = functional.adaptive_avg_pool2d(covered, map_size)
    enlarged = functional.interpolate(coarse, size, mode="bilinear")
    return np.asarray(enlarged[0, 0].double().numpy(), dtype=np.float64)

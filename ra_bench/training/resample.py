"""Windows of stored films at the input's size, on the device that trains. CPU and GPU differ here and nowhere else.

A CPU copies a window out of the memory map and resamples its 8 bits as they are. A GPU gets whole films, as they are
stored, and resamples them in floating point. Both round to whole grey values. The CPU rounds after each of two passes,
the GPU once, so they are at most one grey value apart; where nothing is resampled they are equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from ra_bench.training.augment import Draw

    Greys = NDArray[np.uint8 | np.uint16]


def resampled(
    films: Greys, places: Sequence[int], draws: Sequence[Draw], *, height: int, width: int, device: torch.device
) -> Tensor:
    """What was drawn of each film, resampled, flipped and turned.

    Parameters
    ----------
    films : array of shape (films, stored height, stored width)
        May be a read-only memory map: only the films at `places` are read.
    places, draws
        Which n films, and a draw for each.
    device
        The CPU or a CUDA device.

    Returns
    -------
    Tensor of shape (n, height, width)
        Whole grey values: uint8 for films of 8 bits on a CPU, else float32.
    """
    there = device.type == "cuda"
    windows = windows_there(films, places, draws, device) if there else windows_here(films, places, draws)
    return fitted(list(windows), draws, height=height, width=width)


def fitted(windows: Sequence[Tensor], draws: Sequence[Draw], *, height: int, width: int) -> Tensor:
    """Windows of n films, all on one device, as (n, height, width)."""
    pixels = windows[0].new_empty((len(windows), height, width))
    for row, window, drawn in zip(pixels, windows, draws, strict=True):
        row.copy_(turned(resized(window, height, width), drawn))
    return pixels


def windows_here(films: Greys, places: Sequence[int], draws: Sequence[Draw]) -> Iterator[Tensor]:
    """Copies of the windows in main memory: uint8, or float32 for 16 bits, of which its 24 lose nothing."""
    kind = np.uint8 if films.dtype == np.uint8 else np.float32  # all that torch resamples
    for place, drawn in zip(places, draws, strict=True):
        # A copy, since torch does not like the read-only memory map.
        yield torch.from_numpy(np.array(films[place][drawn.window], dtype=kind))


def windows_there(films: Greys, places: Sequence[int], draws: Sequence[Draw], device: torch.device) -> Iterator[Tensor]:
    """The windows on the device, float32. Whole films go there in one copy that nothing waits for."""
    plain = films.dtype == np.uint8
    shape = len(places), *films.shape[1:]
    waiting = torch.empty(shape, dtype=torch.uint8 if plain else torch.int16, pin_memory=device.type == "cuda")
    for row, place in zip(waiting.numpy(), places, strict=True):
        row[:] = films[place] if plain else films[place].view(np.int16)
    there = waiting.to(device, non_blocking=True)
    for film, drawn in zip(there, draws, strict=True):
        window = film[drawn.window]
        # 16 bits travel as if they had a sign: few of torch's operations work with those that have none.
        yield window.float() if plain else (window.int() & 0xFFFF).float()


def resized(film: Tensor, height: int, width: int) -> Tensor:
    """A film of any size as (height, width), bilinear with antialiasing, in whole grey values; as it is where it fits.

    Examples
    --------
    >>> resized(torch.tensor([[0, 0, 90, 90]], dtype=torch.uint8), 1, 2)
    tensor([[13, 77]], dtype=torch.uint8)
    """
    if film.shape == (height, width):
        return film
    if film.is_floating_point():
        return _interpolated(film[None, None], height, width)[0, 0].round_()
    return _down(_across(film, width), height)


def _across(film: Tensor, width: int) -> Tensor:
    """Rows of 8 bits resampled: a quarter of them a channel, since torch works on four and fills up a single one."""
    rows = -(-len(film) // 4)
    quarters = film.new_empty((4 * rows, film.shape[1]))  # up to three rows too many, which nobody looks at
    quarters[: len(film)] = film
    return _interpolated(quarters.view(1, 4, rows, -1), rows, width).reshape(-1, width)[: len(film)]


def _down(film: Tensor, height: int) -> Tensor:
    """Columns of 8 bits resampled: four neighbours are the channels of one pixel."""
    width = film.shape[1]
    if width % 4:
        return _interpolated(film[None, None], height, width)[0, 0]
    fours = film.view(1, -1, width // 4, 4).permute(0, 3, 1, 2)  # channels last
    return _interpolated(fours, height, width // 4).permute(0, 2, 3, 1).reshape(height, width)


def _interpolated(channels: Tensor, height: int, width: int) -> Tensor:
    return functional.interpolate(channels, size=(height, width), mode="bilinear", antialias=True)


def turned(film: Tensor, drawn: Draw) -> Tensor:
    """A film flipped left to right where that was drawn, then turned counter-clockwise."""
    film = film.flip(1) if drawn.flip else film
    return film.rot90(drawn.quarter_turns) if drawn.quarter_turns else film

"""From stored films to what a network sees: scaled, cropped, flipped, turned, brightened, normalised.

A film is resampled once, from its stored grey values straight to the input size; flips and quarter turns are views;
brightness, contrast and normalisation are one multiplication and one addition.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ra_bench.training.device import moved
from ra_bench.training.protocol import base_size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from ra_bench.specs import FilmSet
    from ra_bench.training.standard import Spread
    from ra_bench.values import Protocol

    Greys = NDArray[np.uint8 | np.uint16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """What was drawn for one film in one epoch: a window in stored pixels, then flip, quarter turns and factors."""

    top: int
    left: int
    height: int
    width: int
    flip: bool = False
    quarter_turns: int = 0
    brightness: float = 1.0
    contrast: float = 1.0


def draw(protocol: Protocol, *, seed: int, epoch: int, film_id: str) -> Draw:
    """Draw for one film. The same seed, epoch and id give the same on every machine and in any batch.

    A scale s in [smallest_scale, 1] and a crop are one window: input size / s, in whole pixels, anywhere in the film.
    """
    digest = blake2b(f"{seed}/{epoch}/{film_id}".encode(), digest_size=56).digest()
    scale, top, left, flip, turn, brightness, contrast = (
        (np.frombuffer(digest, dtype="<u8") >> np.uint64(11)) * 2.0**-53  # uniform in [0, 1)
    ).tolist()
    rule, (base_height, base_width) = protocol.augmentation, base_size(protocol)
    factor = rule.smallest_scale + scale * (1 - rule.smallest_scale)
    height = min(max(round(protocol.height / factor), protocol.height), base_height)
    width = min(max(round(protocol.width / factor), protocol.width), base_width)
    return Draw(
        top=int(top * (base_height - height + 1)),
        left=int(left * (base_width - width + 1)),
        height=height,
        width=width,
        flip=rule.flip and flip < 0.5,
        quarter_turns=rule.turns[int(turn * len(rule.turns))] // 90,
        brightness=1 + rule.brightness * (2 * brightness - 1),
        contrast=1 + rule.contrast * (2 * contrast - 1),
    )


def training_batch(
    films: FilmSet,
    chosen: Iterable[int],
    *,
    protocol: Protocol,
    greys: Spread,
    seed: int,
    epoch: int,
    device: torch.device,
) -> Tensor:
    """Augmented films, float32 of shape (n, 3, height, width) on the device, channels last."""
    places = list(chosen)
    draws = [draw(protocol, seed=seed, epoch=epoch, film_id=films.ids[place]) for place in places]
    pixels = np.empty((len(places), protocol.height, protocol.width), dtype=films.films.dtype)
    for row, place, drawn in zip(pixels, places, draws, strict=True):
        row[:] = cut(films.films[place], drawn, protocol.height, protocol.width)
    return normalised(
        pixels,
        greys,
        device=device,
        brightness=[drawn.brightness for drawn in draws],
        contrast=[drawn.contrast for drawn in draws],
    )


def evaluation_batch(
    films: FilmSet, chosen: Iterable[int], *, protocol: Protocol, greys: Spread, device: torch.device
) -> Tensor:
    """Whole films resized to the input, nothing drawn; float32 of shape (n, 3, height, width), channels last."""
    size = protocol.height, protocol.width
    return normalised(np.stack([resized(films.films[place], *size) for place in chosen]), greys, device=device)


def cut(film: Greys, drawn: Draw, height: int, width: int) -> Greys:
    """The window of a film at the input size, flipped left to right, then turned counter-clockwise."""
    window = film[drawn.top : drawn.top + drawn.height, drawn.left : drawn.left + drawn.width]
    view = resized(window, height, width)
    if drawn.flip:
        view = view[:, ::-1]
    return np.rot90(view, drawn.quarter_turns) if drawn.quarter_turns else view


def resized(film: Greys, height: int, width: int) -> Greys:
    """A film of any size as (height, width), of as many bits, bilinear with antialiasing; as it is where it fits."""
    if film.shape == (height, width):
        return film
    deep = film.dtype == np.uint16  # torch resamples 8 bits or floating point; 24 bits of the latter lose nothing
    # A copy: the memory map is read-only, which torch does not like.
    source = torch.from_numpy(np.array(film, dtype=np.float32 if deep else np.uint8))
    pixels = functional.interpolate(source[None, None], size=(height, width), mode="bilinear", antialias=True)
    result: Greys = pixels[0, 0].numpy()
    return np.rint(result).astype(np.uint16) if deep else result


def normalised(
    pixels: Greys,
    greys: Spread,
    *,
    device: torch.device,
    brightness: list[float] | None = None,
    contrast: list[float] | None = None,
) -> Tensor:
    """Grey values (n, height, width) as float32 (n, 3, height, width), channels last, on the device.

    With brightness b, contrast c and the film's own mean m, a grey value x becomes b (c x + (1 - c) m), kept within
    black and white, less the training set's mean, over its SD. The three channels are equal.
    """
    grey = _floating(pixels, device)  # (n, height, width)
    if brightness is None or contrast is None:
        grey.sub_(greys.mean).mul_(1 / greys.sd)
    else:
        b, c = moved(torch.tensor([brightness, contrast]), device).view(2, -1, 1, 1)
        shift = (b * (1 - c) * grey.mean(dim=(1, 2), keepdim=True) - greys.mean) / greys.sd
        grey = torch.addcmul(shift, grey, b * c / greys.sd)
        grey.clamp_(greys.standardise(0.0), greys.standardise(float(np.iinfo(pixels.dtype).max)))
    return grey.unsqueeze(1).expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)


def _floating(pixels: Greys, device: torch.device) -> Tensor:
    """Grey values as float32 on the device."""
    if pixels.dtype == np.uint8:
        return moved(torch.from_numpy(pixels), device).float()
    # 16 bits travel as if they had a sign: not every device can work with those that have none.
    return (moved(torch.from_numpy(pixels.view(np.int16)), device).int() & 0xFFFF).float()

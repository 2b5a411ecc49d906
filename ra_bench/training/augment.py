"""From stored films to what a network sees: scaled, cropped, flipped, turned, brightened, normalised.

A film is resampled once, from its stored grey values straight to the input size; flips and quarter turns only order the
pixels anew; contrast, brightness and normalisation are one multiplication, one addition and one limit at either end.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ra_bench.training.device import moved
from ra_bench.training.protocol import base_size
from ra_bench.training.resample import resampled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ra_bench.specs import FilmSet
    from ra_bench.training.standard import Spread
    from ra_bench.values import Protocol


#: Pixels that a CPU works on at a time.
_CACHED = 2**18


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

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the stored film."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


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
    white = np.iinfo(films.films.dtype).max

    def changed(grey: Tensor, drawn: Sequence[Draw]) -> Tensor:
        return jittered(grey, drawn, levels=levels_of(grey, protocol=protocol, greys=greys, white=white), white=white)

    return _batch(films, places, draws, changed, protocol=protocol, device=device)


def evaluation_batch(
    films: FilmSet, chosen: Iterable[int], *, protocol: Protocol, greys: Spread, device: torch.device
) -> Tensor:
    """Whole films resized to the input, nothing drawn; float32 of shape (n, 3, height, width), channels last."""
    places = list(chosen)
    _, height, width = films.films.shape
    white = np.iinfo(films.films.dtype).max
    draws = [Draw(top=0, left=0, height=height, width=width)] * len(places)

    def changed(grey: Tensor, _: Sequence[Draw]) -> Tensor:
        mean, sd = levels_of(grey, protocol=protocol, greys=greys, white=white)
        return grey.sub_(mean).mul_(1 / sd)

    return _batch(films, places, draws, changed, protocol=protocol, device=device)


def levels_of(grey: Tensor, *, protocol: Protocol, greys: Spread, white: int) -> tuple[Tensor, Tensor]:
    """Mean and SD by which whole grey values (n, height, width) are normalised, float32, (1, 1, 1) or (n, 1, 1)."""
    if protocol.normalisation == "training-set":
        both = torch.tensor([greys.mean, greys.sd]).view(2, 1, 1, 1)
        mean, sd = moved(both, grey.device).unbind()
        return mean, sd
    mean = _own_mean(grey, white)
    squares = grey.double().square().sum(dim=(1, 2), keepdim=True) / grey[0].numel()
    variance = squares - mean.square()
    # A film that varies by less than half a grey value is plain: it becomes zeros, not noise.
    return mean.float(), variance.clamp_(min=0.25).sqrt_().float()


def _own_mean(grey: Tensor, white: int) -> Tensor:
    """The mean of each film of whole grey values, float64 of shape (n, 1, 1).

    Sums of whole numbers are exact below 2**24 (a row of 8 bits), in double precision below 2**53: whatever the batch
    and the order of adding, a film has one mean.
    """
    rows = (grey if white < 256 else grey.double()).sum(dim=2, keepdim=True)
    return rows.double().sum(dim=1, keepdim=True) / grey[0].numel()


def jittered(grey: Tensor, draws: Sequence[Draw], *, levels: tuple[Tensor, Tensor], white: int) -> Tensor:
    """Contrast, brightness and normalisation of whole grey values, float32 of shape (n, height, width).

    With the film's own mean m, contrast c gives y = c x + (1 - c) m, kept within black and white. Brightness b gives
    b y, kept within them. Then the mean of the levels is taken off and their SD divided by. Both limits of white are
    one: b times white where b is less than 1. (torchvision's ColorJitter also draws which of the two comes first. That
    shows only in what black or white cut off.)
    """
    mean, sd = levels
    factors = torch.tensor([[drawn.brightness, drawn.contrast] for drawn in draws]).T  # (2, n)
    b, c = moved(factors, grey.device).view(2, -1, 1, 1)
    shift = (b * (1 - c) * _own_mean(grey, white).float() - mean) / sd
    black, brightest = -mean / sd, (white * b.clamp(max=1) - mean) / sd
    # Two operands at a time: with three, of which two are a number a film, torch's CPU loops take five times as long.
    grey = (grey * (b * c / sd)).add_(shift)
    torch.maximum(grey, black, out=grey)
    return torch.minimum(grey, brightest, out=grey)


def _batch(
    films: FilmSet,
    places: Sequence[int],
    draws: Sequence[Draw],
    changed: Callable[[Tensor, Sequence[Draw]], Tensor],
    *,
    protocol: Protocol,
    device: torch.device,
) -> Tensor:
    """Resample the films, change their grey values and repeat them as three channels."""
    where = device if device.type == "cuda" else torch.device("cpu")  # Apple's GPU shares the memory: a CPU makes it
    shape = len(places), 3, protocol.height, protocol.width
    # Every call has its price, so films go together; on a CPU as many as stay in its cache from end to end.
    step = len(places) if where.type == "cuda" else max(1, _CACHED // (protocol.height * protocol.width))
    batch = torch.empty(shape, device=where, memory_format=torch.channels_last)
    for start in range(0, len(places), step):
        part = slice(start, start + step)
        pixels = resampled(
            films.films, places[part], draws[part], height=protocol.height, width=protocol.width, device=where
        )
        grey = changed(pixels.float(), draws[part])
        for channel in batch[part].unbind(1):  # several times faster than to expand and copy
            channel.copy_(grey)
    return batch.to(device)

"""What a look at a model's attention gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ra_bench.values import MetricValue

#: Damage in SvH units from which a site counts as damaged: half of the first point that a reader can give.
DAMAGED = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmShares:
    """One film: shares (0 to 1) of its attention, and what they would be otherwise.

    `on_damage` lies within the damaged sites, `on_sites` within all scored ones. Of attention that is even over the
    film (`film_`), over the hands (`hands_`) or over all scored sites (`sites_`) so much would lie there.
    `others_damage` lies on those sites of this film that are damaged in other films, the ones with most nearly as many
    damaged sites: their mean, as if of the same area. `follows_damage` is what a map as coarse as the model's has on
    damage if it follows it.
    """

    film: str
    patient: str
    reference: float
    predicted: float
    damaged: int
    on_damage: float
    film_damage: float
    hands_damage: float
    sites_damage: float
    others_damage: float
    follows_damage: float
    on_sites: float
    film_sites: float
    hands_sites: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """What was found for one trained model.

    `layer` is the one that Grad-CAM explains, by `library`; both are None where the attention is the model's own.
    `map_size` and `input_size` are (height, width). `films` are the test films, `undamaged` those of them that have no
    damaged site and `unattended` those on which nothing is attended to: both are left out of `shares`.
    `means` are over the films that are left, `gaps` the mean of the model's share minus the other one; each with an
    interval over patients. `shares` is empty where nobody knows where the damage is.
    """

    model: str
    seed: int
    dataset: str
    protocol: str
    simulated: bool
    layer: str | None
    map_size: tuple[int, int]
    input_size: tuple[int, int]
    library: str | None
    films: int
    undamaged: int = 0
    unattended: int = 0
    means: Mapping[str, MetricValue] = field(default_factory=dict)
    gaps: Mapping[str, MetricValue] = field(default_factory=dict)
    shares: tuple[FilmShares, ...] = ()
    shown: tuple[str, ...] = ()

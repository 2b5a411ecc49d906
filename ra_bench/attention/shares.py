"""How much of a film's attention lies on damage, and how much would by chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.attention.values import DAMAGED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ra_bench.values import DrawnFilm

    Size = tuple[int, int]

#: Points across a film at which sites are looked up; at least one a pixel of the input.
FINE = 256
#: Films whose damage is laid on another's sites.
OTHERS = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places:
    """What lies at each of (rows, columns) points of a network's input.

    Attributes
    ----------
    film, hands : bool array of shape (rows, columns)
        Whether the film, or a hand, is there; around a film that was fitted in there is neither.
    sites : bool array of shape (sites, rows, columns)
        Whether a point lies within a site's radius.
    damage : array of shape (sites,)
        In SvH units.
    """

    film: NDArray[np.bool_]
    hands: NDArray[np.bool_]
    sites: NDArray[np.bool_]
    damage: NDArray[np.float64]

    def within(self, damage: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Points within a site that these numbers, of shape (sites,), call damaged."""
        return np.asarray(self.sites[damage >= DAMAGED].any(axis=0), dtype=np.bool_)


def places_of(drawn: DrawnFilm, stored: Size, size: Size) -> Places:
    """Look up what was drawn on a film as a network sees it.

    Parameters
    ----------
    drawn : DrawnFilm
        In pixels of the film.
    stored, size : (height, width)
        Of stored films, into which a film is fitted as `cohorts.fitting.fit_film` does it, and of the input, to which
        stored films are scaled.
    """
    height, width = drawn.hands.shape
    scale = min(stored[0] / height, stored[1] / width)
    step = max(1, -(-FINE // size[1]))
    y, x = (
        _positions(size[axis] * step, stored[axis], drawn.hands.shape[axis], scale) for axis in (0, 1)
    )  # of each row and column of points, in pixels of the film
    on_film = ((y >= 0) & (y < height))[:, None] & ((x >= 0) & (x < width))[None, :]
    rows, columns = (np.clip(np.floor(place).astype(int), 0, most - 1) for place, most in ((y, height), (x, width)))
    sites = np.stack(
        [(x - site.x)[None, :] ** 2 + (y - site.y)[:, None] ** 2 <= site.radius**2 for site in drawn.sites]
    )
    return Places(
        film=on_film,
        hands=drawn.hands[np.ix_(rows, columns)] & on_film,
        sites=sites & on_film,
        damage=np.array([site.damage for site in drawn.sites]),
    )


def _positions(points: int, stored: int, film: int, scale: float) -> NDArray[np.float64]:
    """Where evenly spaced points across the input lie on the film, in its pixels."""
    fitted = max(1, min(stored, round(film * scale)))
    before = (stored - fitted) // 2
    return ((np.arange(points) + 0.5) * stored / points - before) * film / fitted


def at_points(attention: NDArray[np.float64], places: Places) -> NDArray[np.float64]:
    """Attention of shape (height, width) at each of the points; as much at all points of a pixel."""
    steps = [points // pixels for points, pixels in zip(places.film.shape, attention.shape, strict=True)]
    return np.asarray(np.kron(attention, np.ones(steps)), dtype=np.float64)


def share_within(attention: NDArray[np.float64], places: NDArray[np.bool_]) -> float:
    """Share (0 to 1) of attention that lies at some of its points; nan where there is no attention.

    Examples
    --------
    >>> share_within(np.array([[3.0, 1.0], [0.0, 1.0]]), np.array([[True, False], [True, True]]))
    0.8
    """
    total = float(attention.sum())
    return float(attention[places].sum()) / total if total > 0 else float("nan")


def share_elsewhere(
    attention: NDArray[np.float64], places: NDArray[np.bool_], others: Sequence[NDArray[np.bool_]]
) -> float:
    """Share of attention within other places, the mean of them, each as if it had the area of `places`.

    So attention that is even has the same share here as within `places`. Nan where no other place has an area.

    Examples
    --------
    >>> here = np.array([True, False, False, False])
    >>> share_elsewhere(np.array([4.0, 3.0, 2.0, 1.0]), here, [~here, np.roll(here, 1)])
    0.25
    """
    shares = [share_within(attention, other) / other.sum() for other in others if other.any()]
    return float(np.mean(shares) * places.sum()) if shares else float("nan")


def covered(places: NDArray[np.bool_], area: NDArray[np.bool_]) -> float:
    """Share of an area that places cover: that of attention which is even over the area; nan for no area.

    Examples
    --------
    >>> covered(np.array([True, False, True]), np.array([True, True, False]))
    0.5
    """
    return float((places & area).sum() / area.sum()) if area.any() else float("nan")


def alike(counts: Sequence[int], number: int, others: int = OTHERS) -> list[int]:
    """Which films have most nearly as many damaged sites as film `number`: its neighbours in that order.

    Examples
    --------
    >>> alike([5, 0, 1, 9, 6], 0, others=2)
    [2, 4]
    >>> alike([5, 0, 1, 9, 6], 3, others=2)
    [0, 4]
    """
    order = sorted(range(len(counts)), key=lambda film: (counts[film], film))
    wide = min(others + 1, len(order))
    first = min(max(order.index(number) - wide // 2, 0), len(order) - wide)
    return [film for film in order[first : first + wide] if film != number]

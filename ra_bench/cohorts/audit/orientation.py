"""Films that are turned or mirrored, compared with the rest of their cohort.

Each film's thumbnail is held against the cohort's median film in the eight ways in which a square can lie, in units in
which the differences between films are noise: m' C^-1 x, with m the median and C the covariance over films, the same
for all eight ways. This is the linear discriminant of "as it is" against "turned", and films of another person or
another exposure change it little. The median and the covariance come from other films than the one that is judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ra_bench.cohorts.audit.finding import Finding, counted
from ra_bench.cohorts.audit.look import THUMBNAIL

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ra_bench.cohorts.audit.film import AuditedFilm

    Floats = NDArray[np.float64]

#: How a film lies that is put right by so many quarter turns to the left, and then by a mirror.
WAYS = {
    (0, False): "as the others",
    (1, False): "turned by 90° to the right",
    (2, False): "turned by 180°",
    (3, False): "turned by 90° to the left",
    (0, True): "mirrored",
    (1, True): "mirrored and turned by 90°",
    (2, True): "mirrored and turned by 180°",
    (3, True): "mirrored and turned by 90°",
}

#: Fewer films tell too little of how films lie.
FEWEST = 20

#: -1 is a film like the others, 1 one that lies so. Of 1,200 simulated films the highest was 0.1; where a seventh of
#: them were turned, the lowest of these was 0.46.
_TURNED = 0.4

#: Standard deviations by which a way must lie from the cohort's own, or it is not judged: two hands beside each other
#: are nearly their own mirror image.
_APART = 3.0

_FOLDS = 5
#: Share of the mean variance that is added to each, since there may be fewer films than pixels.
_RIDGE = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Orientation:
    """`ways` gives the turned films' way by film; `note` says what could not be judged, if anything."""

    ways: tuple[tuple[str, str], ...] = ()
    note: str = ""


def judge_orientation(films: Sequence[AuditedFilm]) -> Orientation:
    """How films lie that lie otherwise than the rest; left and right hands of composed films are judged apart."""
    import numpy as np

    if len(films) < FEWEST:
        return Orientation(note=f"Whether films are turned was not judged: it takes {FEWEST} films or more.")
    ways: dict[str, str] = {}
    unjudged: set[str] = set()
    for part in range(max(len(film.looks) for film in films)):
        own = [film for film in films if len(film.looks) > part]
        if len(own) < FEWEST:
            continue
        pictures = np.array([np.frombuffer(film.looks[part].thumbnail, np.uint8) for film in own], np.float64)
        found, missing = _judge(pictures.reshape(-1, THUMBNAIL, THUMBNAIL))
        hand = f"{('left', 'right')[part]} hand " if len(own[0].looks) > 1 else ""
        ways |= {own[place].film: hand + WAYS[way] for place, way in found.items()}
        unjudged |= missing
    note = ""
    if unjudged:
        ways_left = " or ".join(sorted(unjudged))
        note = (
            f"Whether films are {ways_left} could not be judged: it changes the median film of this cohort too little."
        )
    return Orientation(ways=tuple(ways.items()), note=note)


def find_turned_films(judged: Orientation) -> list[Finding]:
    """The finding on films that lie otherwise than the rest."""
    if not judged.ways:
        return []
    return [
        Finding(
            kind="turned-films",
            level="warning",
            said=f"{counted(len(judged.ways), 'film lies', 'films lie')} otherwise than the rest, turned or mirrored",
            items=tuple(f"'{film}': {way}" for film, way in judged.ways),
            advice="Look at each, and turn the file.",
        )
    ]


def _judge(pictures: Floats) -> tuple[dict[int, tuple[int, bool]], set[str]]:
    """The way of each film that does not lie as the others, by its place; and the ways that could not be judged."""
    import numpy as np

    ways = list(WAYS)
    spread = pictures.std(axis=(1, 2), keepdims=True)
    pictures = (pictures - pictures.mean(axis=(1, 2), keepdims=True)) / np.where(spread > 0, spread, 1)
    gain = _scores(pictures)
    gain -= gain[:, :1]  # 0 as it is; usually far below in any other way
    usual = np.median(gain, axis=0)
    noise = 1.4826 * np.median(np.abs(gain - usual), axis=0)
    judged = [place for place in range(1, len(ways)) if -usual[place] > _APART * noise[place]]
    if ways.index((0, True)) not in judged:  # then a mirror cannot be told in any turn
        judged = [place for place in judged if not ways[place][1]]
    found = {}
    for film, row in enumerate(gain):
        best = max(judged, key=lambda place: row[place], default=None)
        if best is not None and row[best] > -_TURNED * usual[best]:
            found[film] = ways[best]
    missing = {WAYS[ways[place]] for place in (ways.index((0, True)), 1, 2, 3) if place not in judged}
    return found, missing


def _scores(pictures: Floats) -> Floats:
    """m' C^-1 x of every film in every way, (n, 8)."""
    import numpy as np

    count, pixels = len(pictures), THUMBNAIL**2
    fold = np.arange(count) % _FOLDS
    places = np.arange(pixels).reshape(THUMBNAIL, THUMBNAIL)
    orders = [_laid(places, way).ravel() for way in WAYS]
    flat = pictures.reshape(count, pixels)
    scores = np.empty((count, len(WAYS)))
    for number in range(_FOLDS):
        others = flat[fold != number]
        median = np.median(others, axis=0)
        rest = others - median
        size = np.sqrt((rest**2).sum(axis=1))
        limit = 1.3 * np.median(size)  # films that are far off count no more than those that are not
        rest *= np.minimum(1, limit / np.where(size > 0, size, 1))[:, None]
        once = rest.T @ rest / len(rest)
        covariance = sum(once[np.ix_(order, order)] for order in orders) / len(orders)
        covariance += max(_RIDGE * np.trace(covariance) / pixels, 1e-9) * np.eye(pixels)
        weights = np.linalg.solve(covariance, median)
        for place, order in enumerate(orders):
            scores[fold == number, place] = flat[fold == number][:, order] @ weights
    return scores


def _laid(square: NDArray[np.int_], way: tuple[int, bool]) -> NDArray[np.int_]:
    """A square after so many quarter turns to the left, and then a mirror."""
    import numpy as np

    turned = np.rot90(square, way[0])
    return turned[:, ::-1] if way[1] else turned

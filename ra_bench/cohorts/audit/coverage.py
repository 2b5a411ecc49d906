"""Which stretches of the scale the films of a side cover, and which of them another side needs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from ra_bench.cohorts.audit.finding import Finding, counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ra_bench.values import Scale

#: A stretch without a film is a gap from this share of the scale on.
GAP = 0.1
#: What makes a gap a warning: the share of the other side's films in it, and how rarely chance would leave it open.
_SHARE, _CHANCE = 0.05, 0.001

#: A histogram has so many bins at most; their width is a round number.
_BINS = 15
_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """How many films have a score from each edge to the next, by side; the last edge is inclusive."""

    edges: tuple[float, ...]
    counts: Mapping[str, tuple[int, ...]]


def histogram(scores: Mapping[str, Sequence[float]], scale: Scale) -> Histogram:
    """Scores by side in bins over the whole scale, of a round width; the last may be narrower.

    Examples
    --------
    >>> from ra_bench.values import SVH_HANDS
    >>> found = histogram({"all": [0, 19, 20, 280]}, SVH_HANDS)
    >>> found.edges[:3], found.edges[-1], found.counts["all"][:2], found.counts["all"][-1]
    ((0.0, 20.0, 40.0), 280.0, (2, 1), 1)
    """
    import numpy as np

    least = (scale.maximum - scale.minimum) / _BINS
    size = 10 ** math.floor(math.log10(least))
    width = next(size * step for step in _ROUND if size * step >= least)
    edges = np.append(np.arange(scale.minimum, scale.maximum, width), scale.maximum)
    counts = {side: tuple(np.histogram(own, edges)[0].tolist()) for side, own in scores.items()}
    return Histogram(edges=tuple(edges.tolist()), counts=counts)


def gaps(scores: Sequence[float], scale: Scale) -> list[tuple[float, float]]:
    """Stretches of the scale, a tenth of it or longer, in which no score lies; the ends of the scale count.

    Examples
    --------
    >>> from ra_bench.values import SVH_HANDS
    >>> gaps([5, 20, 60], SVH_HANDS)
    [(20.0, 60.0), (60.0, 280.0)]
    """
    ends = sorted({float(scale.minimum), *map(float, scores), float(scale.maximum)})
    width = GAP * (scale.maximum - scale.minimum)
    return [(low, high) for low, high in pairwise(ends) if high - low >= width]


def find_uncovered(train: Sequence[float], test: Sequence[float], scale: Scale) -> list[Finding]:
    """Gaps of training in which films are tested, and gaps of the test in which models learn.

    A gap is told where it holds a twentieth of the other side's films, and where a split by chance would leave it open
    less than once in a thousand times.
    """
    items = [
        f"From {low:g} to {high:g} training has no film, so that models guess there; {_lie(films, 'test')}"
        for low, high, films in _unlikely(train, test, scale)
    ]
    items += [
        f"From {low:g} to {high:g} the test has no film, so that nothing is known of models there; "
        f"{_lie(films, 'training')}"
        for low, high, films in _unlikely(test, train, scale)
    ]
    if not items:
        return []
    what = "stretch of the scale is" if len(items) == 1 else "stretches of the scale are"
    return [
        Finding(
            kind="uncovered-scores",
            level="warning",
            said=f"{len(items)} {what} covered by one side of the split and not by the other",
            items=tuple(items),
            advice="Split anew, or claim nothing of films with such scores.",
        )
    ]


def _unlikely(own: Sequence[float], others: Sequence[float], scale: Scale) -> list[tuple[float, float, int]]:
    """Gaps of a side that others fill: low end, high end, how many films of the others lie there."""
    there, found = set(own), []
    for low, high in gaps(own, scale):
        films = sum(low <= score <= high and score not in there for score in others)
        chance = (1 - len(own) / (len(own) + len(others))) ** films
        if films >= _SHARE * len(others) and chance < _CHANCE:
            found.append((low, high, films))
    return found


def _lie(films: int, side: str) -> str:
    return f"{counted(films, f'{side} film lies', f'{side} films lie')} there"

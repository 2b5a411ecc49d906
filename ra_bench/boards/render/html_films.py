"""Film by film on the HTML page: predicted against reference as a picture, and the films that models read worst."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from ra_bench.boards.render.escape import one_line
from ra_bench.boards.render.numbers import fixed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ra_bench.boards.held_out import Floats, HeldOut
    from ra_bench.values import Board

#: How many of the worst films are listed.
WORST = 12
#: How many numbers the picture may hold, so that the page stays below 3 MB.
_NUMBERS = 120_000
_SIZE, _LEFT, _RIGHT, _TOP, _BASE = 480, 52, 470, 10, 438


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark on an axis: its place in the picture, and its score."""

    place: float
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter:
    """The picture of the first model, and `data` for the others; `left_out` films are not drawn for want of room."""

    data: Mapping[str, Any]
    path: str
    identity: str
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    drawn: int
    left_out: int
    size: int = _SIZE
    left: int = _LEFT
    right: int = _RIGHT
    top: int = _TOP
    base: int = _BASE


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstFilm:
    """A film and the model that is farthest off; `picture` is a data URI, or empty."""

    film: str
    reference: str
    readings: tuple[str, ...]
    model: str
    predicted: str
    error: str
    of_all: str
    picture: str


def scatter(board: Board, films: HeldOut) -> Scatter | None:
    """Predicted against reference of every model and baseline, mean over its seeds; None where no film is scored."""
    names = [row.name for row in board.rows if row.kind in ("model", "baseline") and row.name in films.predicted]
    scored = np.flatnonzero(np.isfinite(films.reference))
    if not names or not scored.size:
        return None
    step = -(-scored.size * (len(names) + len(films.readings) + 2) // _NUMBERS)
    places = scored[::step]
    reference = films.reference[places]
    predicted = {name: _over_seeds(films.predicted[name])[places] for name in names}
    ends = across, up = _ends([reference], reference), _ends(list(predicted.values()), reference)
    data = {
        "ids": [one_line(films.ids[place]) for place in places],
        "reference": _numbers(reference),
        "readings": [
            {"name": one_line(reader), "scores": _numbers(scores[places])} for reader, scores in films.readings.items()
        ],
        "models": [
            {"name": one_line(name), "seeds": len(films.seeds[name]), "predicted": _numbers(predicted[name])}
            for name in names
        ],
        "across": across,
        "up": up,
    }
    return Scatter(
        data=data,
        path="".join(
            f"M{x:.1f} {y:.1f}h0"
            for x, y in zip(_x(reference, across), _y(predicted[names[0]], up), strict=True)
            if isfinite(y)
        ),
        identity=_identity(*ends),
        across=tuple(
            Tick(place=round(float(_x(np.array([tick]), across)[0]), 1), said=f"{tick:g}") for tick in _ticks(across)
        ),
        up=tuple(Tick(place=round(float(_y(np.array([tick]), up)[0]), 1), said=f"{tick:g}") for tick in _ticks(up)),
        drawn=int(places.size),
        left_out=int(scored.size - places.size),
    )


def worst_films(board: Board, films: HeldOut, thumbnails: Mapping[str, bytes]) -> tuple[WorstFilm, ...]:
    """The films on which any ranked model is farthest off, by the largest error of any; ties in the order of ids."""
    names, predicted = _ranked(board, films)
    errors = predicted - films.reference
    return tuple(
        WorstFilm(
            film=one_line(films.ids[place]),
            reference=fixed(float(films.reference[place]), 1),
            readings=tuple(fixed(float(scores[place]), 1) for scores in films.readings.values()),
            model=one_line(names[model]),
            predicted=fixed(float(predicted[model, place]), 1),
            error=f"{errors[model, place]:+.1f}",
            of_all=fixed(float(np.abs(errors[:, place]).mean()), 1),
            picture=_picture(thumbnails.get(films.ids[place])),
        )
        for place, model in _worst(errors)
    )


def worst_ids(board: Board, films: HeldOut) -> tuple[str, ...]:
    """Ids of the films of `worst_films`, in its order."""
    _, predicted = _ranked(board, films)
    return tuple(films.ids[place] for place, _ in _worst(predicted - films.reference))


def _ranked(board: Board, films: HeldOut) -> tuple[list[str], Floats]:
    """The ranked models, and their predictions (models, films)."""
    names = [row.name for row in board.rows if row.kind == "model" and row.name in films.predicted]
    return names, np.array([_over_seeds(films.predicted[name]) for name in names]).reshape(len(names), len(films.ids))


def _worst(errors: Floats) -> list[tuple[int, int]]:
    """Places of the worst films, worst first, each with the place of the model that is farthest off."""
    if not errors.size:
        return []
    size = np.where(np.isfinite(errors), np.abs(errors), -1.0)
    order = np.argsort(-size.max(axis=0), kind="stable")[:WORST].tolist()
    return [(place, int(size[:, place].argmax())) for place in order if size[:, place].max() >= 0]


def _picture(jpeg: bytes | None) -> str:
    return "" if jpeg is None else f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"


def _over_seeds(predicted: Floats) -> Floats:
    mean: Floats = predicted.mean(axis=0)
    return mean


def _numbers(values: Floats) -> list[float | None]:
    """To two decimals, which is what the page is for; what is missing is null."""
    return [round(value, 2) if isfinite(value) else None for value in values.tolist()]


def _ends(shown: Sequence[Floats], reference: Floats) -> tuple[float, float]:
    """The ends of an axis. What lies beyond half the span of the references is drawn at its edge."""
    values = np.concatenate(shown)
    values = values[np.isfinite(values)]
    low, high = float(reference.min()), float(reference.max())
    room = (high - low or 1.0) / 2
    if values.size:
        low = max(min(low, float(values.min())), low - room)
        high = min(max(high, float(values.max())), high + room)
    # Dots are not cut in half by the frame.
    edge = (high - low or 1.0) * 0.02
    return round(low - edge, 2), round(high + edge, 2)


def _ticks(ends: tuple[float, float]) -> list[float]:
    """About six round numbers between the ends."""
    span = ends[1] - ends[0]
    unit = 10.0 ** np.floor(np.log10(span / 5))
    step = float(next(unit * times for times in (1, 2, 5, 10) if span / (unit * times) <= 6))
    first = int(np.ceil(ends[0] / step))
    return [round(place * step, 6) for place in range(first, int(np.floor(ends[1] / step)) + 1)]


def _x(values: Floats, ends: tuple[float, float]) -> Floats:
    place: Floats = _LEFT + (values.clip(*ends) - ends[0]) / (ends[1] - ends[0]) * (_RIGHT - _LEFT)
    return place


def _y(values: Floats, ends: tuple[float, float]) -> Floats:
    place: Floats = _BASE - (values.clip(*ends) - ends[0]) / (ends[1] - ends[0]) * (_BASE - _TOP)
    return place


def _identity(across: tuple[float, float], up: tuple[float, float]) -> str:
    """The line of no error, as far as both axes reach."""
    ends = np.array([max(across[0], up[0]), min(across[1], up[1])])
    if ends[0] >= ends[1]:
        return ""
    (left, right), (low, high) = _x(ends, across), _y(ends, up)
    return f"M{left:.1f} {low:.1f}L{right:.1f} {high:.1f}"

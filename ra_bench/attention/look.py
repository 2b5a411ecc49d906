"""A trained model's attention on its test films: maps of the films to be shown, and shares where damage is known."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.attention.gradcam import check_library, follows
from ra_bench.attention.network import trained_network
from ra_bench.attention.shares import alike, at_points, covered, places_of, share_elsewhere, share_within
from ra_bench.attention.summary import summarised
from ra_bench.attention.values import DAMAGED, Attention, FilmShares
from ra_bench.attention.way import find_way
from ra_bench.cohorts.splits import reference
from ra_bench.training.augment import evaluation_batch
from ra_bench.training.device import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import torch
    from numpy.typing import NDArray

    from ra_bench.specs import FilmSet, ModelSpec
    from ra_bench.training.standard import Spread
    from ra_bench.values import DrawnFilm, Protocol, RunRecord, Sample

    Maps = Callable[[Sequence[int]], NDArray[np.float64]]
    """Attention, shape (n, height, width), of the films at n places."""
    OnFilms = Callable[[str, int, int], None]

LOOKING, FINDING = "Looking at films", "Finding the damage that is drawn"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilmLook:
    """A film to be shown: its attention, shape (height, width), what is drawn on it and its shares, where known."""

    sample: Sample
    predicted: float
    attention: NDArray[np.float64]
    drawn: DrawnFilm | None = None
    shares: FilmShares | None = None


def look(
    spec: ModelSpec,
    record: RunRecord,
    folder: Path,
    *,
    protocol: Protocol,
    films: FilmSet,
    samples: Sequence[Sample],
    shown: Sequence[str],
    simulated: bool,
    layer: str | None = None,
    device: str = "auto",
    on_films: OnFilms | None = None,
) -> tuple[Attention, tuple[FilmLook, ...]]:
    """Look at a finished job's test films.

    Parameters
    ----------
    spec, record, folder
        The model, and its job's record and folder.
    protocol : Protocol
        With the model's overrides.
    films, samples
        The test films as they are stored, and their samples in the same order. Where damage is known of all, all are
        looked at; else those that are shown.
    shown : sequence of str
        Ids of films whose maps are wanted.
    layer : str, optional
        Dotted name of a layer for Grad-CAM, if not the last feature map, or not the model's own attention.
    on_films
        Gets what is done, films done and films in all.

    Raises
    ------
    AttentionError
        No library, no network, no weights, no feature map, an attention of its own that is none, or code that fails.
    """
    library = check_library()
    model, greys = trained_network(spec, folder, plugin=record.job.plugin)
    place = resolve(device)
    model.to(place)
    first = _batch(films, [0], protocol, greys, place)
    way = find_way(spec, model, first, layer, plugin=record.job.plugin)

    def maps(places: Sequence[int]) -> NDArray[np.float64]:
        return way.maps(_batch(films, places, protocol, greys, place))

    predicted = dict(zip(record.predictions.ids, record.predictions.predicted, strict=True))
    known = all(sample.drawn is not None for sample in samples)
    shares = _all_shares(maps, films, samples, predicted, way.map_size, protocol, on_films) if known else []
    of_film = {one.film: one for one in shares}
    looks = [
        FilmLook(
            sample=sample,
            predicted=predicted[sample.sample_id],
            attention=maps([number])[0],
            drawn=None if sample.drawn is None else sample.drawn(),
            shares=of_film.get(sample.sample_id),
        )
        for number, sample in enumerate(samples)
        if sample.sample_id in set(shown)
    ]
    usable = tuple(one for one in shares if one.damaged and not isnan(one.on_damage))
    means, gaps = summarised(usable)
    return Attention(
        model=record.job.model,
        seed=record.job.seed,
        dataset=record.job.dataset,
        protocol=record.job.protocol,
        simulated=simulated,
        layer=way.layer,
        map_size=way.map_size,
        input_size=(protocol.height, protocol.width),
        library=None if way.layer is None else library,
        films=len(samples),
        undamaged=sum(not one.damaged for one in shares),
        unattended=sum(bool(one.damaged) and isnan(one.on_damage) for one in shares),
        means=means,
        gaps=gaps,
        shares=usable,
        shown=tuple(one.sample.sample_id for one in looks),
    ), tuple(looks)


def _batch(
    films: FilmSet, places: Sequence[int], protocol: Protocol, greys: Spread, device: torch.device
) -> torch.Tensor:
    return evaluation_batch(films, places, protocol=protocol, greys=greys, device=device).contiguous()


def _all_shares(
    maps: Maps,
    films: FilmSet,
    samples: Sequence[Sample],
    predicted: dict[str, float],
    map_size: tuple[int, int],
    protocol: Protocol,
    on_films: OnFilms | None,
) -> list[FilmShares]:
    """Shares of every film, in order; nan where a film has no damaged site or nothing speaks for a higher score."""
    drawn: list[DrawnFilm] = []
    for number, sample in enumerate(samples, start=1):
        if sample.drawn is not None:
            drawn.append(sample.drawn())
        if on_films is not None:
            on_films(FINDING, number, len(samples))
    damages = [np.array([site.damage for site in one.sites]) for one in drawn]
    counts = [int((damage >= DAMAGED).sum()) for damage in damages]
    shares: list[FilmShares] = []
    while len(shares) < len(samples):
        chosen = range(len(shares), min(len(shares) + protocol.batch_size, len(samples)))
        for number, attention in zip(chosen, maps(chosen), strict=True):
            others = [damages[other] for other in alike(counts, number)]
            name = samples[number].sample_id
            stored = (films.films.shape[1], films.films.shape[2])
            shares.append(_shares(samples[number], predicted[name], drawn[number], attention, others, stored, map_size))
        if on_films is not None:
            on_films(LOOKING, len(shares), len(samples))
    return shares


def _shares(
    sample: Sample,
    predicted: float,
    drawn: DrawnFilm,
    attention: NDArray[np.float64],
    others: Sequence[NDArray[np.float64]],
    stored: tuple[int, int],
    map_size: tuple[int, int],
) -> FilmShares:
    size = (attention.shape[0], attention.shape[1])
    places = places_of(drawn, stored, size)
    damage, sites = places.within(places.damage), np.asarray(places.sites.any(axis=0))
    points = at_points(attention, places)
    following = at_points(follows(damage, map_size, size), places)
    return FilmShares(
        film=sample.sample_id,
        patient=sample.patient_id,
        reference=reference(sample),
        predicted=predicted,
        damaged=int((places.damage >= DAMAGED).sum()),
        on_damage=share_within(points, damage),
        film_damage=covered(damage, places.film),
        hands_damage=covered(damage, places.hands),
        sites_damage=covered(damage, sites),
        others_damage=share_elsewhere(points, damage, [places.within(other) for other in others]),
        follows_damage=share_within(following, damage),
        on_sites=share_within(points, sites),
        film_sites=covered(sites, places.film),
        hands_sites=covered(sites, places.hands),
    )

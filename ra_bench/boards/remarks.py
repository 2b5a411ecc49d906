"""What a person must know before believing a board, in plain sentences."""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.boards.columns import RANK
from ra_bench.boards.facts import COHORT_NOTE
from ra_bench.metrics import detectable_differences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ra_bench.boards.evaluate import Measured
    from ra_bench.boards.facts import Facts
    from ra_bench.boards.held_out import HeldOut
    from ra_bench.metrics import Resampled
    from ra_bench.values import BoardRow, RunRecord

PRIVATE = (
    "Private cohort: predictions film by film are not kept beside this board. "
    "'ra-bench leaderboard' can draw it again, but not measure it again."
)
NO_EVIDENCE = (
    "p (mean difference) is a paired t-test. p > 0.05 is not evidence of agreement: it says only that predictions "
    "were not shown to be too high or too low on average. A model that answers the mean score for every film can get "
    "a p near 1."
)
BIAS_WITHIN = (
    "'bias within ±' is the smallest margin at which an equivalence test of the mean difference would pass (the "
    "larger end of its 90 % interval). It is about the average of the films, not about single patients."
)
_SHARED_RANKS = (
    "Ranks go by RMSE. Models share a rank where these films do not tell them apart; that is no proof that they are "
    "equal. In brackets: the places that a model takes by itself, in 95 of 100 draws of the patients. P(best): the "
    "share of draws in which it comes first. On 158 films the best of several models half a unit of RMSE apart often "
    "comes third."
)
_SEEDS = (
    "A row of several seeds shows the mean of its seeds' metrics. Its intervals are about the choice of patients, "
    "not about the choice of seeds: for that see 'Seeds'."
)


def cohort_notes(facts: Facts) -> tuple[str, ...]:
    """What the cohort itself says must be known."""
    return tuple(value for name, value in facts if name == COHORT_NOTE)


def measured_remarks(
    films: HeldOut, rows: Sequence[BoardRow], records: Sequence[RunRecord], measured: Mapping[str, Measured]
) -> tuple[str, ...]:
    """Remarks that follow from what was measured."""
    said = []
    ranked = [row.name for row in rows if row.rank is not None]
    if len(ranked) > 1:
        said += [_SHARED_RANKS, *_of_ranks(rows), *_of_detectable([measured[name].rmse for name in ranked])]
    said += [BIAS_WITHIN, NO_EVIDENCE]
    said += _of_folds(records)
    if any(len(row.seeds) > 1 for row in rows if row.kind in ("model", "baseline")):
        said.append(_SEEDS)
    return (*said, *_of_films(films), *_of_devices(records))


def _of_ranks(rows: Sequence[BoardRow]) -> list[str]:
    """Whose shared rank is better than every place in their brackets; rows that share one follow the best of them."""
    found = [
        row.name
        for best, row in pairwise(row for row in rows if row.rank is not None)
        if row.rank is not None and row.rank == best.rank and row.rank < row.metrics[RANK].low
    ]
    if not found:
        return []
    *most, last = found
    whose = f"those of {', '.join(most)} and {last} do" if most else f"that of {last} does"
    return [
        f"A shared rank is that of the best of its group, and may lie outside the places in brackets, as {whose} here."
    ]


def _of_detectable(errors: Sequence[Resampled]) -> list[str]:
    """The smallest difference in RMSE that the films can show, over all pairs of ranked models."""
    found = detectable_differences(np.stack([error.replicates for error in errors]))
    least = np.sort(found[np.isfinite(found)]).tolist()
    if not least:
        return []
    size = f"{least[0]:.1f}" if len(least) == 1 else f"{median(least):.1f} (from {least[0]:.1f} to {least[-1]:.1f})"
    pairs = "for the two ranked models" if len(least) == 1 else "for the median pair of ranked models"
    return [
        (
            f"Smallest difference in RMSE that these films can show at 80 % power: {size} {pairs}. Models that err "
            "alike are told apart more easily."
        )
    ]


def _of_films(films: HeldOut) -> list[str]:
    said = []
    if films.patient_count < len(films.ids):
        said.append(
            f"The {len(films.ids):,} test films are of {films.patient_count:,} patients. Intervals count patients; "
            "p counts films as if they were independent, and so is too small."
        )
    if films.patient_count < 30:
        said.append(f"Only {films.patient_count} patients: all intervals are rough, and likely too narrow.")
    if len(films.readings) < 2:
        said.append("One score a film: how well two readers agree is not known, so no model can be held against it.")
    if missing := len(films.ids) - films.scored:
        said.append(f"{missing} of {len(films.ids):,} test films have no score and do not count.")
    return said


def _of_folds(records: Sequence[RunRecord]) -> list[str]:
    folds = next((record.job.fold for record in records if record.job.fold is not None), None)
    if folds is None:
        return []
    left_out = "site" if folds.site else "fold"
    return [
        (
            f"Each film is predicted once, by the model of the {left_out} that tests it, which saw nothing of its "
            f"patient; a row pools the {folds.of} models of a seed. Intervals are about the choice of patients, not "
            "about what the models, which share training films, would be on others."
        )
    ]


def _of_devices(records: Sequence[RunRecord]) -> list[str]:
    devices = sorted({record.device for record in records})
    if len(devices) < 2:
        return []
    return [f"Rows come from different devices ({', '.join(devices)}): their times cannot be compared."]

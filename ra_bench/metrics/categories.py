"""Agreement in ordered classes, and of any number of raters with gaps: kappa and alpha."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from ra_bench.metrics._arrays import Floats, paired

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

Weights = Literal["none", "linear", "quadratic"]
Level = Literal["nominal", "ordinal", "interval", "ratio"]


def weighted_kappa(table: ArrayLike, weights: Weights = "quadratic") -> float:
    """Cohen's kappa of a square table of counts.

    Parameters
    ----------
    table : array_like of shape (n_classes, n_classes)
        Counts, 0 or more: rows one rater, columns the other, classes in order.
    weights : {"none", "linear", "quadratic"}
        How a disagreement grows with the distance of the classes.

    Returns
    -------
    float
        At most 1 (best), 0 at chance, negative below it; nan where chance leaves nothing to disagree about.

    Raises
    ------
    ValueError
        If the table is not square, holds a negative or missing count, or the weights are not known.

    Notes
    -----
    Its size hangs on how the films spread over the classes and on where the edges are.

    References
    ----------
    Cohen J. Psychol Bull 1968;70:213-220.

    Examples
    --------
    >>> round(weighted_kappa([[10, 2], [3, 15]], "none"), 4)
    0.6575
    """
    counts = np.asarray(table, dtype=np.float64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not (counts >= 0).all():
        raise ValueError(f"table has shape {counts.shape}: give a square table of counts, 0 or more.")
    if weights not in ("none", "linear", "quadratic"):
        raise ValueError(f"No weights named {weights!r}. Choose from: none, linear, quadratic.")
    distance = np.abs(np.subtract.outer(np.arange(len(counts)), np.arange(len(counts)))).astype(np.float64)
    penalty = {"none": np.sign(distance), "linear": distance, "quadratic": distance**2}[weights]
    total = counts.sum()
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0))
    by_chance = float((penalty * expected).sum())
    if total == 0 or by_chance == 0:
        return float("nan")
    return float(1 - total * (penalty * counts).sum() / by_chance)


def band_table(reference: ArrayLike, predicted: ArrayLike, edges: Sequence[float]) -> Floats:
    """Counts of films by the severity band of the reference and of the prediction.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.
    edges : sequence of float
        Rising lower edges of the bands after the first, in SvH units.

    Returns
    -------
    ndarray of shape (n_edges + 1, n_edges + 1)
        Rows by reference, columns by prediction. Empty bands stay in.

    Raises
    ------
    ValueError
        If the edges do not rise, or the arrays are not a finite pair.

    Examples
    --------
    >>> band_table([0, 5, 30], [2, 30, 30], edges=[1, 10]).tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]
    """
    limits = np.asarray(edges, dtype=np.float64)
    if not (np.diff(limits) > 0).all():
        raise ValueError(f"edges are {list(edges)}: give them rising.")
    y, p = paired(reference, predicted)
    table = np.zeros((limits.size + 1, limits.size + 1))
    np.add.at(table, (np.searchsorted(limits, y, side="right"), np.searchsorted(limits, p, side="right")), 1)
    return table


def qwk(reference: ArrayLike, predicted: ArrayLike, edges: Sequence[float]) -> float:
    """Quadratic-weighted kappa of severity bands.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.
    edges : sequence of float
        Rising lower edges of the bands after the first, in SvH units.

    Returns
    -------
    float
        At most 1 (best); nan where all films lie in one band for both.

    Raises
    ------
    ValueError
        If the edges do not rise, or the arrays are not a finite pair.

    Notes
    -----
    There are no agreed SvH bands: other edges, other kappa. Empty bands keep their place, since dropping them
    would move their neighbours together.

    Examples
    --------
    >>> round(qwk([0, 5, 30, 70], [0, 12, 30, 80], edges=[1, 10, 25, 50]), 3)
    0.947
    """
    return weighted_kappa(band_table(reference, predicted, edges))


def krippendorff_alpha(ratings: ArrayLike, level: Level = "interval") -> float:
    """Krippendorff's alpha for any number of raters, with gaps.

    Parameters
    ----------
    ratings : array_like of shape (n_raters, n_samples)
        A row a rater; nan (or None) where a rater did not score. Films with one score do not count.
    level : {"nominal", "ordinal", "interval", "ratio"}
        What a difference between two scores means. SvH totals are "interval".

    Returns
    -------
    float
        At most 1 (best), 0 at chance, negative below it; nan where all scores are equal or no film has two.

    Raises
    ------
    ValueError
        If the table is not two-dimensional, or the level is not known.

    Notes
    -----
    With every score present, "interval" alpha is close to the one-way ICC.

    References
    ----------
    Krippendorff K. Computing Krippendorff's alpha-reliability. 2011.

    Examples
    --------
    >>> round(krippendorff_alpha([[1, 2, 3, None], [1, 2, 4, 4]]), 3)
    0.878
    """
    table = np.array(ratings, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError(f"ratings has {table.ndim} dimensions: give a row a rater.")
    if level not in ("nominal", "ordinal", "interval", "ratio"):
        raise ValueError(f"No level named {level!r}. Choose from: nominal, ordinal, interval, ratio.")
    kept = table[:, np.isfinite(table).sum(axis=0) >= 2]
    present = np.isfinite(kept)
    if not present.any():
        return float("nan")
    values, code = np.unique(kept[present], return_inverse=True)
    counts = np.zeros((kept.shape[1], values.size))  # (films, values)
    np.add.at(counts, (np.nonzero(present)[1], code), 1)
    margin = counts.sum(axis=0)
    distance = _distance(values, margin, level)
    by_film = np.einsum("uc,ck,uk->u", counts, distance, counts, optimize=True) / (counts.sum(axis=1) - 1)
    expected = margin @ distance @ margin / (margin.sum() - 1)
    return float(1 - by_film.sum() / expected) if expected > 0 else float("nan")


def _distance(values: Floats, margin: Floats, level: Level) -> Floats:
    """Squared difference of every two values; `margin` counts how often each occurs."""
    gap = np.abs(np.subtract.outer(values, values))
    if level == "nominal":
        result: Floats = np.sign(gap)
    elif level == "interval":
        result = gap**2
    elif level == "ratio":
        total = np.add.outer(values, values)
        result = np.square(np.divide(gap, total, out=np.zeros_like(gap), where=total != 0))
    else:
        # All that lies between two values, the two at half: 2011, section C
        middle = np.cumsum(margin) - margin / 2
        result = np.square(np.subtract.outer(middle, middle))
    return result

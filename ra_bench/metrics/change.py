"""Change between two visits: how large it must be to count, how well it is followed, and who progressed.

A change score is the score of the later visit minus that of the earlier one, a number a patient: above 0 is worse.
Its agreement is measured by the metrics of any pair of scores (`mae`, `ccc`, `bias`), with changes in place of scores.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ra_bench.metrics._arrays import check_confidence, complete_pairs, differences, paired, sample_sd, vector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

_Z = 1.959963984540054  # the 97.5 % point of the standard normal


def change_error(changes: Sequence[ArrayLike]) -> float:
    """Standard error of measurement of one reader's change score.

    Parameters
    ----------
    changes : sequence of array_like, each of shape (n_patients,)
        Change scores of two readers or more, in SvH units; nan where missing.

    Returns
    -------
    float
        In SvH units, 0 or more: the root of half the variance (n - 1) of the difference of two readers, which is
        averaged over all pairs of readers. nan where no two readers share two patients.

    Raises
    ------
    ValueError
        If two readers differ in length.

    Notes
    -----
    Each reader is taken to err alike and independently. What both see wrong in the same way does not show.

    Examples
    --------
    >>> round(change_error([[0, 4, 10], [1, 3, 10]]), 4)
    0.7071
    """
    pairs = [complete_pairs(first, second) for first, second in combinations(changes, 2)]
    squares = [sample_sd(differences(*pair)) ** 2 for pair in pairs if pair[0].size > 1]
    return float(np.sqrt(np.mean(squares) / 2)) if squares else float("nan")


def smallest_detectable_change(error: float, readings: int = 1) -> float:
    """Smallest change of one patient that exceeds the error of its change score, with 95 % confidence.

    Parameters
    ----------
    error : float
        Standard error of one change score, in SvH units, as from `change_error`.
    readings : int
        How many readers are averaged into one change score: 1 or more.

    Returns
    -------
    float
        1.96 error / sqrt(readings), in SvH units.

    Raises
    ------
    ValueError
        If `readings` is below 1 or `error` is negative.

    Notes
    -----
    With the error of two readers this is Bruynesteyn's 1.96 SD / (sqrt(2) sqrt(k)), SD being that of the difference
    between the readers' change scores and k the readers averaged. It holds for visits read as these were: side by
    side, they have a smaller one than visits read apart, for which `sdc` takes the scores of one visit.

    References
    ----------
    Bruynesteyn K et al. Ann Rheum Dis 2005;64:179-182.

    Examples
    --------
    >>> round(smallest_detectable_change(change_error([[0, 4, 10], [1, 3, 10]]), readings=2), 2)
    0.98
    """
    if readings < 1:
        raise ValueError(f"readings is {readings}: give 1 or more.")
    if error < 0:
        raise ValueError(f"error is {error}: give 0 or more.")
    return _Z * error / float(np.sqrt(readings))


def own_change_error(reference: ArrayLike, predicted: ArrayLike, reference_error: float = 0.0) -> float:
    """Standard error of a rater's change score: of its differences, without what the reference itself errs.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_patients,)
        Change scores, in SvH units.
    reference_error : float
        Standard error of the reference's change score, in SvH units: `change_error` / sqrt(readers averaged). At 0 all
        of the difference is held against the rater.

    Returns
    -------
    float
        sqrt(SD(predicted - reference)^2 - reference_error^2), in SvH units; 0 where the difference is smaller than the
        reference's own error, nan for a single patient.

    Raises
    ------
    ValueError
        If `reference_error` is negative, or the arrays are not a finite pair.

    Notes
    -----
    Of one reader against another like it, with that reader's error as the reference's, it is `change_error`: so a
    model and a reader are held to the same. A rater who errs together with the readers looks better than it is.

    Examples
    --------
    >>> own_change_error([0, 4, 10, 6], [5, 1, 10, 4])
    3.559026084010437
    >>> round(own_change_error([0, 4, 10], [1, 3, 10], reference_error=change_error([[0, 4, 10], [1, 3, 10]])), 4)
    0.7071
    """
    if reference_error < 0:
        raise ValueError(f"reference_error is {reference_error}: give 0 or more.")
    variance = sample_sd(differences(reference, predicted)) ** 2 - reference_error**2
    return float(np.sqrt(np.maximum(variance, 0.0)))


def standardised_response_mean(changes: ArrayLike) -> float:
    """Mean change over the SD of the changes: how clearly a rater sees that patients change.

    Parameters
    ----------
    changes : array_like of shape (n_patients,)
        Change scores, in SvH units.

    Returns
    -------
    float
        Without unit; nan for a single patient, and where all change alike.

    Raises
    ------
    ValueError
        If the array is empty or holds missing values.

    Notes
    -----
    It belongs to this cohort and this time between visits. A rater who adds the same to all has a large one.

    References
    ----------
    Liang MH, Fossel AH, Larson MG. Med Care 1990;28:632-642.

    Examples
    --------
    >>> standardised_response_mean([0, 2, 4])
    1.0
    """
    values = vector("changes", changes)
    spread = sample_sd(values)
    return float(values.mean()) / spread if spread > 0 else float("nan")


class Progressors(NamedTuple):
    """Patients by what the reference and a rater say; four counts."""

    found: int
    missed: int
    false: int
    spared: int


def progressors(reference: ArrayLike, predicted: ArrayLike, above: float) -> Progressors:
    """Who progressed by more than a cut-off, and of whom a rater says so.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_patients,)
        Change scores, in SvH units.
    above : float
        A patient whose change is larger than this progressed, in SvH units.

    Returns
    -------
    Progressors
        `found` and `missed` of those who progressed by the reference; `false` (said to have progressed) and `spared`
        of the others.

    Raises
    ------
    ValueError
        If the arrays are not a finite pair.

    Notes
    -----
    The reference errs too: at a cut-off below its smallest detectable change many of its progressors are none.

    Examples
    --------
    >>> progressors([0, 1, 6, 9], [2, 0, 7, 3], above=5)
    Progressors(found=1, missed=1, false=0, spared=2)
    """
    y, p = paired(reference, predicted)
    really, said = y > above, p > above
    return Progressors(
        found=int((really & said).sum()),
        missed=int((really & ~said).sum()),
        false=int((~really & said).sum()),
        spared=int((~really & ~said).sum()),
    )


def wilson_interval(successes: float, number: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share.

    Parameters
    ----------
    successes : float
        0 to `number`; a mean over several trainings need not be whole.
    number : int
        How many patients the share is of, 0 or more.
    confidence : float
        Wanted coverage, between 0 and 1.

    Returns
    -------
    low, high : float
        Between 0 and 1; nan where there is nobody.

    Raises
    ------
    ValueError
        If `confidence` is not between 0 and 1, or `successes` is not among `number`.

    Notes
    -----
    For independent patients, a share each. Of a share that is a mean over trainings it is too wide rather than too
    narrow. It has an interval at 0 and at 1, where resampling has none.

    References
    ----------
    Wilson EB. J Am Stat Assoc 1927;22:209-212. Newcombe RG. Stat Med 1998;17:857-872.

    Examples
    --------
    >>> low, high = wilson_interval(81, 263)
    >>> round(low, 4), round(high, 4)
    (0.2553, 0.3662)
    """
    from scipy.special import ndtri

    z = float(ndtri((1 + check_confidence(confidence)) / 2))
    if not 0 <= successes <= number:
        raise ValueError(f"{successes} successes of {number}: give a number from 0 to {number}.")
    if number == 0:
        return float("nan"), float("nan")
    share, weight = successes / number, z**2 / number
    centre = (share + weight / 2) / (1 + weight)
    half = z * float(np.sqrt(share * (1 - share) / number + weight / (4 * number))) / (1 + weight)
    # At 0 and at 1 the end is the share itself; rounding must not push it off.
    return min(max(0.0, centre - half), share), max(min(1.0, centre + half), share)

"""The SDs that predictions must have had, over everything that a row's rounding leaves open."""

from __future__ import annotations

from itertools import product
from math import sqrt
from typing import TYPE_CHECKING

from ra_bench.metrics.published import Box, _sizes

if TYPE_CHECKING:
    from collections.abc import Iterator


def needed_predicted_sd(
    mean_difference: Box, sd_reference: Box, rho: Box, rmse: Box, k: float = 1.0
) -> tuple[Box, Box] | None:
    """`implied_predicted_sd` over rounding boxes: the small SDs and the large SDs that a row allows.

    Parameters
    ----------
    mean_difference, sd_reference, rmse : (low, high)
        Boxes, in SvH units; SDs above 0. A mean difference that is not printed but bounded by p is a box about 0.
    rho : (low, high)
        Box of the correlation, within 0 to 1.
    k : float
        1 for SDs with 1/n or a large sample; (n - 1) / n for SDs with n - 1.

    Returns
    -------
    ((low, high), (low, high)) or None
        Boxes of the smaller and of the larger root, in SvH units; a negative SD is impossible. None where no point
        of the boxes reaches the RMSE: it lies below its floor.

    Raises
    ------
    ValueError
        If the correlation lies below 0 or above 1.

    Notes
    -----
    With E^2 = (RMSE^2 - bias^2) / k the roots are rho s_y -+ sqrt(E^2 - s_y^2 (1 - rho^2)). They can be extreme at the
    corners, where the square root ends, and, for the larger one, at s_y = rho E / sqrt(1 - rho^2).

    Examples
    --------
    ResNet-50 of Wang et al. 2022, Table 3, were the SD of the reference 38.7 and the means equal:

    >>> small, large = needed_predicted_sd((0.0, 0.0), (38.7, 38.7), (0.945, 0.955), (28.945, 28.955))
    >>> [round(end, 1) for end in small], [round(end, 1) for end in large]
    ([10.4, 10.5], [62.6, 63.5])
    """
    rho = max(0.0, rho[0]), min(1.0, rho[1])  # rounding may reach beyond 1, a correlation cannot
    if rho[0] > rho[1]:
        raise ValueError(f"rho is {rho}: give a box within 0 to 1.")
    squares = sorted((max(0.0, error) ** 2 - d**2) / k for d, error in product(_sizes(mean_difference), rmse))
    rests = (max(0.0, squares[0]), squares[-1])
    if rests[1] < 0:
        return None
    roots = [root for point in _candidates(sd_reference, rho, rests) for root in _roots(*point)]
    if not roots:
        return None
    small, large = [root[0] for root in roots], [root[1] for root in roots]
    return (min(small), max(small)), (min(large), max(large))


def _roots(sd: float, r: float, rest: float) -> list[Box]:
    """Both roots at one point; none where the RMSE is below its floor by more than rounding."""
    least = sd**2 * (1 - r**2)
    if rest < least * (1 - 1e-12):
        return []
    root = sqrt(max(0.0, rest - least))
    return [(r * sd - root, r * sd + root)]


def _candidates(sds: Box, rhos: Box, rests: Box) -> Iterator[tuple[float, float, float]]:
    """Points (SD, rho, RMSE^2 less bias^2) of the box at which a root can be extreme."""
    yield from product(sds, rhos, rests)
    for sd, r in product(sds, rhos):
        if rests[0] < sd**2 * (1 - r**2) < rests[1]:
            yield sd, r, sd**2 * (1 - r**2)
    for r, rest in product(rhos, rests):
        if r < 1:
            ends, turns = sqrt(rest / (1 - r**2)), r * sqrt(rest / (1 - r**2))
            yield from ((sd, r, rest) for sd in (ends, turns) if sds[0] < sd < sds[1])
    for sd, rest in product(sds, rests):
        if 0 <= 1 - rest / sd**2 <= 1 and rhos[0] < sqrt(1 - rest / sd**2) < rhos[1]:
            yield sd, sqrt(1 - rest / sd**2), rest

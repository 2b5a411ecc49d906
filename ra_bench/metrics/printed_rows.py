"""Whether the figures of one printed row can all describe one sample."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

from ra_bench.metrics.granularity import grim
from ra_bench.metrics.published import Box, _sizes, implied_rho, max_bias, rmse_floor, rounding_box

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedRow:
    """Figures as a paper prints them, each as text; None for what it does not print.

    `p` may be printed as ">0.05". `granularity` is given for whole scores only, to check means by GRIM.
    """

    rho: str | None = None
    mae: str | None = None
    rmse: str | None = None
    p: str | None = None
    mean_reference: str | None = None
    mean_predicted: str | None = None
    sd_reference: str | None = None
    sd_predicted: str | None = None
    n: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    granularity: int | None = None


def failed_checks(row: PrintedRow) -> tuple[str, ...]:
    """Say which checks a printed row fails.

    Parameters
    ----------
    row : PrintedRow
        What the paper prints; scores in SvH units. A check that needs more than is printed is not made.

    Returns
    -------
    tuple of str
        A sentence for each failed check; empty where the figures can all describe one sample.

    Raises
    ------
    ValueError
        If a figure is not a printed number, or `n` is below 2.

    Notes
    -----
    A check fails only if no numbers within the rounding pass it, whether SDs were taken with n or with n - 1.
    Where `n` is not printed the sample is taken as large. Passing proves nothing.

    Examples
    --------
    The readers of Wang et al. 2022, Table 2:

    >>> failed_checks(PrintedRow(rho="0.97", mae="12.24", rmse="18.75", mean_reference="39.76",
    ...     mean_predicted="39.85", sd_reference="40.90", sd_predicted="38.78"))
    ('rho is printed as 0.97, but means, SDs and RMSE force 0.891',)
    """
    if row.n is not None and row.n < 2:
        raise ValueError(f"n is {row.n}: give 2 pairs or more.")
    checks = (_identity, _order, _significance, _floor, _spread, _means)
    return tuple(sentence for check in checks for sentence in check(row))


def _box(printed: str | None) -> Box | None:
    return None if printed is None else rounding_box(printed)


def _shift(row: PrintedRow) -> Box | None:
    """Box of predicted mean minus reference mean."""
    reference, predicted = _box(row.mean_reference), _box(row.mean_predicted)
    if reference is None or predicted is None:
        return None
    return predicted[0] - reference[1], predicted[1] - reference[0]


def _factors(row: PrintedRow) -> tuple[float, ...]:
    return (1.0,) if row.n is None else (1.0, (row.n - 1) / row.n)


def _identity(row: PrintedRow) -> Iterator[str]:
    shift, first, second = _shift(row), _box(row.sd_reference), _box(row.sd_predicted)
    rho, rmse = _box(row.rho), _box(row.rmse)
    if shift is None or first is None or second is None or rho is None or rmse is None:
        return
    if min(first[0], second[0]) <= 0:
        return  # without spread there is no correlation to force
    forced = [implied_rho(shift, first, second, rmse, k) for k in _factors(row)]
    low, high = min(box[0] for box in forced), max(box[1] for box in forced)
    if high < rho[0] or low > rho[1]:
        span = f"{low:.3f}" if f"{low:.3f}" == f"{high:.3f}" else f"{low:.3f} to {high:.3f}"
        yield f"rho is printed as {row.rho}, but means, SDs and RMSE force {span}"


def _order(row: PrintedRow) -> Iterator[str]:
    """Bias, MAE and RMSE grow in this order, and RMSE cannot grow without end."""
    shift, mae, rmse = _shift(row), _box(row.mae), _box(row.rmse)
    if shift is not None and mae is not None and _sizes(shift)[0] > mae[1]:
        yield f"the means differ by {_sizes(shift)[0]:.2f} or more, above the MAE of {row.mae}"
    if mae is None or rmse is None:
        return
    if mae[0] > rmse[1]:
        yield f"MAE is printed as {row.mae}, above the RMSE of {row.rmse}"
    if row.n is not None and rmse[0] > sqrt(row.n) * mae[1]:
        yield f"RMSE is printed as {row.rmse}, above sqrt(n) times the MAE of {row.mae}"
    if row.minimum is not None and row.maximum is not None:
        most = sqrt((row.maximum - row.minimum) * mae[1])
        if rmse[0] > most:
            yield f"RMSE is printed as {row.rmse}, above the {most:.2f} that the scale and the MAE of {row.mae} allow"


def _significance(row: PrintedRow) -> Iterator[str]:
    """A p on one side of a level bounds the difference of the means from one side."""
    shift, rmse = _shift(row), _box(row.rmse)
    if shift is None or rmse is None or row.n is None or row.p is None:
        return
    text = row.p.strip()
    sign, alpha = text[:1], float(text.lstrip("<>= "))
    if sign not in (">", "<") or not 0 < alpha < 1:
        return
    least, most = _sizes(shift)
    if sign == ">" and least > (allowed := max_bias(rmse[1], row.n, alpha)):
        yield f"the means differ by {least:.2f} or more, but p {row.p} allows {allowed:.2f} at most"
    if sign == "<" and most < (needed := max_bias(rmse[0], row.n, alpha)):
        yield f"the means differ by {most:.2f} or less, but p {row.p} needs {needed:.2f} or more"


def _floor(row: PrintedRow) -> Iterator[str]:
    sd, rho, rmse = _box(row.sd_reference), _box(row.rho), _box(row.rmse)
    if sd is None or rho is None or rmse is None:
        return
    least = min(rmse_floor(max(0.0, sd[0]), rho, k)[0] for k in _factors(row))
    if rmse[1] < least:
        yield f"RMSE is printed as {row.rmse}, but SD and rho leave an error of {least:.2f} or more"


def _spread(row: PrintedRow) -> Iterator[str]:
    """A mean on a bounded scale bounds the SD."""
    if row.minimum is None or row.maximum is None:
        return
    for name, mean, sd in (
        ("reference", _box(row.mean_reference), _box(row.sd_reference)),
        ("predicted", _box(row.mean_predicted), _box(row.sd_predicted)),
    ):
        if mean is None or sd is None:
            continue
        nearest = min(max((row.minimum + row.maximum) / 2, mean[0]), mean[1])
        most = sqrt(max(0.0, (row.maximum - nearest) * (nearest - row.minimum)) / min(_factors(row)))
        if sd[0] > most:
            yield f"the {name} SD is {sd[0]:.2f} or more, but its mean and the scale allow {most:.2f} at most"


def _means(row: PrintedRow) -> Iterator[str]:
    if row.n is None or row.granularity is None:
        return
    for name, mean in (("reference", row.mean_reference), ("predicted", row.mean_predicted)):
        if mean is not None and not grim(mean, row.n, row.granularity).consistent:
            yield f"no whole scores of {row.n} films have the {name} mean {mean}"

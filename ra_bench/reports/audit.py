"""Published rows under the checks of printed figures: what fails, what would have to be true, what p allows."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

from ra_bench.boards.published import (
    allowed_bias,
    around,
    bias_by_p,
    mean_differences,
    needed_sd,
    printed_row,
    supposed_sd,
)
from ra_bench.metrics import failed_checks, grim, implied_rho, implied_rmse, rmse_floor, rounding_box

if TYPE_CHECKING:
    from ra_bench.boards.published_file import PublishedRow, PublishedTable
    from ra_bench.metrics import Box

#: Needed SDs of predictions, as shares of the reference's, beyond which a row is called strained.
STRAINED = (2 / 3, 4 / 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowAudit:
    """What one printed row forces. Boxes are over all that its rounding leaves open; None where it does not say enough.

    `failed` holds a sentence a check that no numbers within the rounding pass. `forced_rho` and `forced_rmse` follow
    from the rest of the row. `bias_by_p` is what p says of the difference of the means, without sign; `allowed_bias`
    its upper end where p is only printed to be above a level. `needed_sd` holds the two boxes of SDs that predictions
    can have had, `rmse_floor` the least RMSE that its rho allows, both with the printed or the supposed SD of the
    reference. `not_checked` says what could not be done, and which key is missing for it.
    """

    name: str
    tables: str
    failed: tuple[str, ...] = ()
    rho: str | None = None
    mae: str | None = None
    rmse: str | None = None
    p: str | None = None
    films: int | None = None
    reader: bool = False
    forced_rho: Box | None = None
    forced_rmse: Box | None = None
    allowed_bias: float | None = None
    bias_by_p: Box | None = None
    supposed_sd: float | None = None
    rmse_floor: Box | None = None
    needed_sd: tuple[Box, Box] | None = None
    strained: bool = False
    grim_informative: bool | None = None
    not_checked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """All rows of a table, and what its row of reader against reader puts on the others.

    `noise_ceiling` is the rho that a perfect model can expect with the mean of the two readers, `reader_benchmark` the
    RMSE that a further reader would have against it.
    """

    title: str
    citation: str
    rows: tuple[RowAudit, ...]
    noise_ceiling: Box | None = None
    ceiling_from_forced_rho: bool = False
    reader_benchmark: float | None = None


def audit(table: PublishedTable) -> Audit:
    """Check every row of a published table.

    Parameters
    ----------
    table : PublishedTable
        As `read_rows` gives it.

    Returns
    -------
    Audit
        A row each, in the order of the table.

    Examples
    --------
    >>> from ra_bench.boards.published_file import PublishedRow, PublishedTable
    >>> row = PublishedRow(name="model", rho="0.95", mae="30.1", rmse="28.95")
    >>> audit(PublishedTable(rows=(row,))).rows[0].failed
    ('MAE is printed as 30.1, above the RMSE of 28.95',)
    """
    rows = tuple(_audit_row(row, table) for row in table.rows)
    reader = next((row for row in rows if row.reader), None)
    rho = None if reader is None else _believed_rho(reader)
    return Audit(
        title=table.title,
        citation=table.citation,
        rows=rows,
        noise_ceiling=None if rho is None else (ceiling_of_two(rho[0]), ceiling_of_two(rho[1])),
        ceiling_from_forced_rho=reader is not None and rho is not None and rho == reader.forced_rho,
        reader_benchmark=None if reader is None or reader.rmse is None else sqrt(0.75) * float(reader.rmse),
    )


def ceiling_of_two(r: float) -> float:
    """Rho that a perfect model can expect with the mean of two readers who correlate `r`: sqrt(2 r / (1 + r)).

    Examples
    --------
    >>> round(ceiling_of_two(0.89), 3)
    0.97
    """
    return sqrt(2 * r / (1 + r))


def _audit_row(row: PublishedRow, table: PublishedTable) -> RowAudit:
    rho, sd_reference = _box(row.rho), _box(row.sd_reference)
    supposed = supposed_sd(row, table) if sd_reference is None else None
    sd = sd_reference if supposed is None else (supposed, supposed)
    # A row that prints the SD of its predictions needs none to be worked out.
    needed = needed_sd(row, table) if row.sd_predicted is None else None
    forced_rho, forced_rmse = _forced(row)
    return RowAudit(
        name=row.name,
        tables=row.tables,
        failed=failed_checks(printed_row(row, table)),
        rho=row.rho,
        mae=row.mae,
        rmse=row.rmse,
        p=row.p,
        films=row.films,
        reader=row.reader,
        forced_rho=forced_rho,
        forced_rmse=forced_rmse,
        allowed_bias=allowed_bias(row),
        bias_by_p=bias_by_p(row),
        supposed_sd=supposed,
        rmse_floor=None if rho is None or sd is None else _floor(sd, rho),
        needed_sd=needed,
        strained=needed is not None and sd is not None and _is_strained(needed, sd),
        grim_informative=_grim_informative(row),
        not_checked=tuple(_not_checked(row, table)),
    )


def _forced(row: PublishedRow) -> tuple[Box | None, Box | None]:
    """The correlation and the RMSE that means, SDs and the other of the two force, whether SDs are with n or n - 1."""
    if row.mean_reference is None or row.mean_predicted is None:
        return None, None
    shift, first, second = mean_differences(row), _box(row.sd_reference), _box(row.sd_predicted)
    if first is None or second is None or min(first[0], second[0]) <= 0:
        return None, None
    rho, rmse = _box(row.rho), _box(row.rmse)
    factors = (1.0,) if row.films is None else (1.0, (row.films - 1) / row.films)
    return (
        None if rmse is None else around([implied_rho(shift, first, second, rmse, k) for k in factors]),
        None if rho is None else around([implied_rmse(shift, first, second, rho, k) for k in factors]),
    )


def _box(text: str | None) -> Box | None:
    return None if text is None else rounding_box(text)


def _floor(sd: Box, rho: Box) -> Box:
    rho = max(-1.0, rho[0]), min(1.0, rho[1])
    return rmse_floor(max(0.0, sd[0]), rho)[0], rmse_floor(sd[1], rho)[1]


def _is_strained(needed: tuple[Box, Box], sd: Box) -> bool:
    """Whether no SD near the reference's would do: the smaller root lies far below it and the larger far above."""
    return needed[0][1] < STRAINED[0] * sd[0] and needed[1][0] > STRAINED[1] * sd[1]


def _believed_rho(reader: RowAudit) -> Box | None:
    """The correlation of the readers: what the rest of their row forces, where it prints enough; else the printed."""
    found = reader.forced_rho or _box(reader.rho)
    return None if found is None or not 0 < found[0] <= 1 else (found[0], min(1.0, found[1]))


def _grim_informative(row: PublishedRow) -> bool | None:
    """Whether GRIM could find anything; None where it cannot be asked."""
    means = [mean for mean in (row.mean_reference, row.mean_predicted) if mean is not None]
    if row.films is None or row.granularity is None or not means:
        return None
    return any(grim(mean, row.films, row.granularity).informative for mean in means)


def _not_checked(row: PublishedRow, table: PublishedTable) -> list[str]:
    said = []
    if row.p is not None and row.films is None:
        said.append(f"What p {row.p} allows: give the number of films as 'films'.")
    if row.rho is None or row.rmse is None:
        lacks = [key for key in ("rho", "rmse") if getattr(row, key) is None]
        said.append(f"The SD that predictions need: the row prints no {' and no '.join(lacks)}.")
    elif row.sd_reference is None and supposed_sd(row, table) is None:
        said.append(
            "The SD that predictions need, and the least RMSE: give 'sd_reference', or 'supposed_sd_reference'."
        )
    if row.films is not None and row.granularity is None and row.mean_reference is not None:
        said.append("GRIM: give 'granularity', 1 for whole scores, 2 for the mean of two readers.")
    return said

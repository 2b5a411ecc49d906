"""What a model costs, column by column: as text, and as the number that rows are sorted by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ra_bench.boards.render.numbers import duration, three_digits

if TYPE_CHECKING:
    from collections.abc import Callable

    from ra_bench.values import BoardRow


@dataclass(frozen=True, slots=True, kw_only=True)
class CostColumn:
    """A heading; a row's cell, not escaped and empty where it is not known; and its number, None where it has none."""

    heading: str
    text: Callable[[BoardRow], str]
    number: Callable[[BoardRow], float | None]
    right: bool = True


COST = (
    CostColumn(
        heading="Seeds",
        text=lambda row: ", ".join(map(str, row.seeds)),
        number=lambda row: len(row.seeds) or None,
    ),
    CostColumn(
        heading="Parameters (M)",
        text=lambda row: _scaled(row.parameters, 1e6),
        number=lambda row: row.parameters,
    ),
    CostColumn(heading="MAdds (G)", text=lambda row: _scaled(row.madds, 1e9), number=lambda row: row.madds),
    CostColumn(
        heading="Train time an epoch",
        text=lambda row: "" if row.seconds_per_epoch is None else duration(row.seconds_per_epoch),
        number=lambda row: row.seconds_per_epoch,
    ),
    CostColumn(
        heading="Peak memory (GiB)",
        text=lambda row: _scaled(row.peak_memory, 2**30),
        number=lambda row: row.peak_memory,
    ),
    CostColumn(
        heading="Pretrained on",
        text=lambda row: row.pretrained_on or "",
        number=lambda _: None,
        right=False,
    ),
)


def _scaled(value: int | None, unit: float) -> str:
    return "" if value is None else three_digits(value / unit)

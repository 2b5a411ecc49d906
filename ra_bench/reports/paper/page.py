"""The paper's tables as a page: what is measured, what is PUBLISHED, and what is not there, each said in its row."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ra_bench.boards.columns import MEASURED_ON, P_MEAN_DIFFERENCE
from ra_bench.boards.render.numbers import UNDEFINED, as_text, duration, films_of, fixed, three_digits
from ra_bench.reports.pages import Page
from ra_bench.reports.paper.film_section import film_sections
from ra_bench.reports.paper.flags import flag_lines
from ra_bench.reports.paper.views import RATIOS
from ra_bench.reports.sections import Column, Section

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from ra_bench.boards.published_file import PublishedRow
    from ra_bench.reports.paper.readers import ReaderRow
    from ra_bench.reports.paper.views import ModelView, PaperTables, RatioView, TableView
    from ra_bench.values import Board, BoardRow

_Row = TypeVar("_Row")

TABLES = (2, 3, 4, 5, 6)
HEADINGS = {
    2: "Table 2: readers",
    3: "Table 3: ablation of ResNet-50 (B), + DSC, + IRB",
    4: "Table 4: networks",
    5: "Table 5: transfer",
    6: "Table 6: four sample films",
}
SIMULATED = "SIMULATED films, simulated readers: nothing here says how well a model reads a real film."
PAPER = "Wang et al. 2022"
_OWN = (
    f"The cohort is the one of {PAPER}: its printed rows stand beside the measured ones, marked PUBLISHED. They were "
    "not recomputed."
)
_OTHER = f"Measured here alone. The cohort is not the one of {PAPER}: its figures are of other films and are not shown"
_RATIOS_ONLY = "only its ratios between models are, marked PUBLISHED"
_LABELS = {"rmse": "RMSE", "mae": "MAE", "parameters": "parameters", "epoch": "epoch time"}
_P = "p (mean difference) is a paired t-test of prediction against reference. p > 0.05 is not evidence of agreement."


def paper_page(tables: PaperTables, wanted: Collection[int] = ()) -> Page:
    """The tables that are wanted, all if none is named."""
    sections: list[Section] = []
    for number in TABLES:
        if wanted and number not in wanted:
            continue
        said = _said(tables, number)
        if number == 2:
            sections.append(_readers(tables, said))
        elif number == 6:
            sections += film_sections(tables.films, HEADINGS[6], _simulated(tables.board))
        else:
            sections += _models(tables, tables.tables[number], said)
    return Page(title=f"The tables of {PAPER} for: {tables.board.title}", sections=tuple(sections))


def _simulated(board: Board) -> tuple[str, ...]:
    return (SIMULATED,) if board.simulated else ()


def _said(tables: PaperTables, number: int) -> tuple[str, ...]:
    board = tables.board
    measured = [f"Measured on {value}." for name, value in board.facts if name == MEASURED_ON]
    elsewhere = f"{_OTHER}." if number == 2 else f"{_OTHER}; {_RATIOS_ONLY}."
    return (*_simulated(board), *measured, _OWN if tables.is_papers_cohort else elsewhere)


# --- Table 2 --------------------------------------------------------------------------------------------------------


def _readers(tables: PaperTables, said: Sequence[str]) -> Section:
    rows = tables.readers
    measured = [row for row in rows if row.source == "measured"]
    if not measured:
        said = (*said, "Not measured: the board knows no two readers.")
    elif not any(row.mean != "" for row in measured):
        said = (*said, "Means and SDs are not known: no readings of single films stand beside this board.")
    elif not any(row.agreement for row in measured):
        said = (*said, "One score a film: how well two readers agree is not known.")
    columns = (
        _text("Reader", rows, lambda row: row.name),
        _text("Source", rows, lambda row: row.source),
        _numbers("n", rows, lambda row: "" if row.films is None else f"{row.films:,}"),
        _numbers("Mean", rows, lambda row: _as_printed(row.mean)),
        _numbers("SD", rows, lambda row: _as_printed(row.sd)),
        *_metrics(tables.board, [(row.agreement, row.printed) for row in rows]),
        _flags(rows),
    )
    remarks = [f"{row.name}: {row.agreement.remark}" for row in measured if row.agreement and row.agreement.remark]
    notes = (
        "Mean and SD (n - 1), where measured: of the test films that the reader read.",
        *remarks,
        *(_of_audit(tables, [row.printed for row in rows])),
    )
    return Section(heading=HEADINGS[2], lines=tuple(said), columns=_filled(columns) if rows else (), notes=notes)


def _as_printed(value: float | str) -> str:
    return value if isinstance(value, str) else fixed(value, 2)


# --- Tables 3 to 5 --------------------------------------------------------------------------------------------------


def _models(tables: PaperTables, table: TableView, said: Sequence[str]) -> list[Section]:
    rows = table.rows
    columns = (
        _text("Model", rows, lambda row: row.name),
        _text("Part", rows, lambda row: row.role),
        _text("Source", rows, lambda row: row.source),
        _numbers("n", rows, _films),
        _numbers("Parameters (M)", rows, _parameters),
        _numbers("MAdds (G)", rows, _madds),
        _numbers("Time an epoch", rows, _epoch),
        *_metrics(tables.board, [(row.measured, row.printed) for row in rows]),
        _text("Pretrained on", rows, _pretrained_on),
        _flags(rows),
    )
    why = [f"{row.name}: {row.source}. {row.why}" for row in rows if row.why]
    missing = [row.name for row in rows if row.source == "not run"]
    if missing:
        why.append(f"Not run on this board: {', '.join(missing)}.")
    notes = (*why, _P, *_of_audit(tables, [row.printed for row in rows]))
    heading = HEADINGS[table.number]
    return [
        Section(heading=heading, lines=tuple(said), columns=_filled(columns), notes=notes),
        _ratios(tables, table.ratios, heading.partition(":")[0]),
    ]


def _films(row: ModelView) -> str:
    if row.measured is not None:
        return films_of(row.measured)
    return f"{row.printed.films:,}" if row.printed is not None and row.printed.films is not None else ""


def _parameters(row: ModelView) -> str:
    if row.printed is not None:
        return row.printed.parameters_in_millions or ""
    parameters = None if row.measured is None else row.measured.parameters
    return "" if parameters is None else three_digits(parameters / 1e6)


def _madds(row: ModelView) -> str:
    madds = None if row.measured is None else row.measured.madds
    return "" if madds is None else three_digits(madds / 1e9)


def _epoch(row: ModelView) -> str:
    if row.printed is not None:
        return row.printed.epoch or ""
    seconds = None if row.measured is None else row.measured.seconds_per_epoch
    return "" if seconds is None else duration(seconds)


def _pretrained_on(row: ModelView) -> str:
    shown = row.measured or row.printed
    return "" if shown is None else shown.pretrained_on or ""


def _ratios(tables: PaperTables, ratios: Sequence[RatioView], name: str) -> Section:
    """Shares of another model, measured beside PUBLISHED: the one thing that may be held against any cohort."""
    shown = [key for key in RATIOS if any(key in one.published for one in ratios)]
    columns = [
        _text("Model", ratios, lambda one: one.model),
        _text("As a share of", ratios, lambda one: one.base),
    ]
    for key in shown:
        here, there = ([_share(shares, key) for shares in side] for side in _sides(ratios))
        columns.append(Column(heading=_LABELS[key], cells=tuple(here)))
        columns.append(Column(heading=f"PUBLISHED {_LABELS[key]}", cells=tuple(there)))
    columns.append(_text("Audit of the PUBLISHED rows", ratios, lambda one: ", ".join(one.flags)))
    note = (
        f"PUBLISHED: ratios of figures that {PAPER} printed; nothing of them was measured here. Below 1 is less than "
        "the model that it is a share of. Times depend on machine, film size and batch."
    )
    return Section(
        heading=f"{name}: ratios between models", lines=_simulated(tables.board), columns=tuple(columns), notes=(note,)
    )


def _sides(ratios: Sequence[RatioView]) -> tuple[list[Mapping[str, float]], list[Mapping[str, float]]]:
    return [one.measured for one in ratios], [one.published for one in ratios]


def _share(shares: Mapping[str, float], key: str) -> str:
    return fixed(shares[key], 2) if key in shares else UNDEFINED


# --- what they share ------------------------------------------------------------------------------------------------


def _metrics(board: Board, rows: Sequence[tuple[BoardRow | None, PublishedRow | None]]) -> list[Column]:
    """rho, MAE and RMSE with their intervals, and p; of printed rows as printed."""
    digits = {column.metric: (column.label, column.digits) for column in board.columns}
    columns = []
    for key in ("rho", "mae", "rmse"):
        label, places = digits.get(key, (key, 2))
        columns.append(
            Column(
                heading=label, cells=tuple(_metric(measured, printed, key, key, places) for measured, printed in rows)
            )
        )
    cells = tuple(_metric(measured, printed, P_MEAN_DIFFERENCE, "p", 3) for measured, printed in rows)
    return [*columns, Column(heading="p (mean difference)", cells=cells)]


def _metric(measured: BoardRow | None, printed: PublishedRow | None, key: str, printed_key: str, places: int) -> str:
    if printed is not None:
        return getattr(printed, printed_key) or ""
    return "" if measured is None else as_text(measured.metrics.get(key), places)


def _flags(rows: Sequence[ReaderRow | ModelView]) -> Column:
    cells = tuple(", ".join(row.flags) if row.printed is not None else "" for row in rows)
    return Column(heading="Audit", cells=cells, right=False)


def _of_audit(tables: PaperTables, printed: Sequence[PublishedRow | None]) -> tuple[str, ...]:
    if tables.audit is None:
        return ()
    names = [row.name for row in printed if row is not None]
    return tuple(flag_lines([row for row in tables.audit.rows if row.name in names], tables.audit))


def _text(heading: str, rows: Sequence[_Row], cell: Callable[[_Row], str]) -> Column:
    return Column(heading=heading, cells=tuple(cell(row) for row in rows), right=False)


def _numbers(heading: str, rows: Sequence[_Row], cell: Callable[[_Row], str]) -> Column:
    return Column(heading=heading, cells=tuple(cell(row) for row in rows))


def _filled(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Columns that say anything."""
    return tuple(column for column in columns if any(column.cells))

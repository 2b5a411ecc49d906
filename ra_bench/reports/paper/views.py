"""What the paper's tables hold for one board: measured rows, printed rows where they belong, and ratios."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from ra_bench.boards.folder import PUBLISHED
from ra_bench.boards.published import read_published, with_published
from ra_bench.boards.published_file import read_table, seconds_of
from ra_bench.reports.audit import audit
from ra_bench.reports.paper.films import FilmView, sample_films
from ra_bench.reports.paper.flags import flags_of
from ra_bench.reports.paper.models import ABLATION, NETWORKS, TRANSFER, PaperModel
from ra_bench.reports.paper.readers import ReaderRow, printed_readers, reader_rows
from ra_bench.reports.rows_file import read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ra_bench.boards.published_file import PublishedRow, PublishedTable
    from ra_bench.reports.audit import Audit
    from ra_bench.reports.board_films import BoardFilms
    from ra_bench.values import Board, BoardRow

Source: TypeAlias = Literal["measured", "PUBLISHED", "failed", "not finished", "not run"]
#: Table to its models.
MODELS: Mapping[int, tuple[PaperModel, ...]] = {3: ABLATION, 4: NETWORKS, 5: TRANSFER}
#: Quantities that are compared as ratios; a ratio of correlations says nothing.
RATIOS = ("rmse", "mae", "parameters", "epoch")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelView:
    """A row of Tables 3 to 5: measured, printed, or why there is nothing."""

    name: str
    role: str
    source: Source
    measured: BoardRow | None = None
    printed: PublishedRow | None = None
    flags: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioView:
    """A model as a share of another, measured here and as the paper's figures have it; keys as in `RATIOS`.

    `flags` are the audit's on the two printed rows.
    """

    model: str
    base: str
    measured: Mapping[str, float]
    published: Mapping[str, float]
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableView:
    """One of Tables 3 to 5."""

    number: int
    rows: tuple[ModelView, ...]
    ratios: tuple[RatioView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperTables:
    """Tables 2 to 6 for a board."""

    board: Board
    readers: tuple[ReaderRow, ...]
    tables: Mapping[int, TableView]
    films: FilmView
    #: Of the printed rows, where they stand here: elsewhere the paper's figures are not told.
    audit: Audit | None

    @property
    def is_papers_cohort(self) -> bool:
        """Whether the paper's printed rows stand beside the measured ones."""
        return self.audit is not None


def paper_tables(found: BoardFilms, folder: Path) -> PaperTables:
    """Put together what the paper's tables show of a board.

    Parameters
    ----------
    found : BoardFilms
        From `published_films`.
    folder : Path
        The board's folder. With the paper's `published.toml` in it the cohort is the paper's, and printed rows stand
        beside the measured ones; without it only the paper's ratios between models do.

    Raises
    ------
    RecordError
        A `published.toml` that cannot be read, or one beside a simulated cohort.
    """
    source = read_rows()
    file = folder / PUBLISHED
    beside = read_table(file) if file.exists() else None
    if beside is not None and beside.name != source.name:
        beside = None  # another paper's rows: another cohort
    if beside is not None:
        with_published(found.board, read_published(file))  # refuses a cohort that cannot be the paper's
        source = beside
    checked = audit(source)
    return PaperTables(
        board=found.board,
        readers=(
            *reader_rows(found),
            *(printed_readers(beside, checked) if beside is not None else ()),
        ),
        tables={
            number: TableView(
                number=number,
                rows=tuple(_rows(models, found.board, beside, checked)),
                ratios=tuple(_ratios(models, found.board, source, checked)),
            )
            for number, models in MODELS.items()
        },
        films=sample_films(found, with_printed=beside is not None),
        audit=None if beside is None else checked,
    )


def _rows(models: Sequence[PaperModel], board: Board, beside: PublishedTable | None, checked: Audit) -> list[ModelView]:
    rows = []
    for one in models:
        rows.append(_measured(one, board))
        printed = None if beside is None else _printed(one.printed, beside)
        if printed is not None:
            rows.append(_published(one, printed, checked))
    return rows


def _measured(one: PaperModel, board: Board) -> ModelView:
    """The board's row of a model, or what became of it."""
    rows = {row.kind: row for row in board.rows if row.name == one.model}
    for kind in ("model", "baseline"):
        if kind in rows:
            return ModelView(name=one.model, role=one.role, source="measured", measured=rows[kind])
    if "failed" in rows:
        return ModelView(name=one.model, role=one.role, source="failed", why=rows["failed"].remark)
    if "waiting" in rows:
        return ModelView(name=one.model, role=one.role, source="not finished", why=rows["waiting"].remark)
    return ModelView(name=one.model, role=one.role, source="not run")


def _published(one: PaperModel, printed: PublishedRow, checked: Audit) -> ModelView:
    found = next(row for row in checked.rows if row.name == printed.name)
    return ModelView(
        name=printed.name, role=one.role, source="PUBLISHED", printed=printed, flags=flags_of(found, checked)
    )


def _printed(name: str, table: PublishedTable) -> PublishedRow | None:
    return next((row for row in table.rows if row.name == name), None)


def _ratios(models: Sequence[PaperModel], board: Board, source: PublishedTable, checked: Audit) -> list[RatioView]:
    measured = {row.name: _measured_figures(row) for row in board.rows if row.kind in ("model", "baseline")}
    printed = {row.name: _printed_figures(row) for row in source.rows}
    names = {one.model: one.printed for one in models}
    found = []
    for one in models:
        if not one.base:
            continue
        of = [row for row in checked.rows if row.name in (one.printed, names[one.base])]
        words = dict.fromkeys(word for row in of for word in flags_of(row, checked))
        found.append(
            RatioView(
                model=one.model,
                base=one.base,
                measured=_shares(measured.get(one.model, {}), measured.get(one.base, {})),
                published=_shares(printed.get(one.printed, {}), printed.get(names[one.base], {})),
                flags=tuple(words),
            )
        )
    return found


def _measured_figures(row: BoardRow) -> dict[str, float | None]:
    return {
        **{key: row.metrics[key].value for key in ("rmse", "mae") if key in row.metrics},
        "parameters": row.parameters,
        "epoch": row.seconds_per_epoch,
    }


def _printed_figures(row: PublishedRow) -> dict[str, float | None]:
    texts = {"rmse": row.rmse, "mae": row.mae, "parameters": row.parameters_in_millions}
    found: dict[str, float | None] = {key: None if text is None else float(text) for key, text in texts.items()}
    return found | {"epoch": None if row.epoch is None else seconds_of(row.epoch)}


def _shares(own: Mapping[str, float | None], base: Mapping[str, float | None]) -> dict[str, float]:
    found = {}
    for key in RATIOS:
        above, below = own.get(key), base.get(key)
        if above is not None and below:
            found[key] = above / below
    return found

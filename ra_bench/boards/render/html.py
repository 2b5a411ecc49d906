"""A board as one HTML file that fetches nothing: a table to sort and filter, films to look up, light or dark."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from ra_bench.boards.columns import COMMAND
from ra_bench.boards.figures.interactive import library
from ra_bench.boards.folder import RECORDS, record_folder
from ra_bench.boards.folds import pool_folds
from ra_bench.boards.held_out import held_out
from ra_bench.boards.render.escape import one_line
from ra_bench.boards.render.html_figures import charts_on_page
from ra_bench.boards.render.html_films import scatter, worst_films
from ra_bench.boards.render.html_sections import sections
from ra_bench.boards.render.html_table import page_table
from ra_bench.boards.render.legend import is_measured, legend, nothing_yet
from ra_bench.runs.names import job_name
from ra_bench.runs.records import HISTORY, PREDICTIONS, RECORD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jinja2 import Environment

    from ra_bench.values import Board, BoardFiles, RunRecord

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """A run on the page: what it is called, the anchor of its model, and its files, relative to the board's folder."""

    name: str
    anchor: str
    predictions: str
    record: str
    history: str


def render(board: Board, files: BoardFiles) -> str:
    """The whole page; the same board and files give the same bytes.

    Parameters
    ----------
    board : Board
        The board.
    files : BoardFiles
        Its records, in any order, and thumbnails; without records nothing is shown film by film, and nothing is
        linked. Of a private cohort they are not looked at. Its charts are drawn in the page by its script.

    Returns
    -------
    str
        Styles and script are in the page. Links lead to files of the board's folder.
    """
    from markupsafe import Markup

    records = () if board.private else files.records
    runs = _runs(records)
    whole = pool_folds(records).records
    films = held_out(whole) if whole else None
    style, script = (_text(name) for name in ("board.css", "board.js"))
    charts = charts_on_page(board, files.charts)
    vega = library() if charts else ""
    return (
        _environment()
        .get_template("board.html")
        .render(
            board=board,
            title=one_line(board.title),
            # Files of ours, not text of a guest.
            style=Markup(style),  # noqa: S704
            script=Markup(script),  # noqa: S704
            vega=Markup(vega),  # noqa: S704
            style_hash=_hash(style),
            script_hashes=[_hash(text) for text in (script, vega) if text],
            table=page_table(board, _links(runs)),
            legend=one_line(legend(board)) if is_measured(board) else "",
            nothing_yet=nothing_yet(board),
            commands=[one_line(value) for name, value in board.facts if name == COMMAND],
            scatter=None if films is None else scatter(board, films),
            worst=() if films is None else worst_films(board, films, files.thumbnails),
            readers=() if films is None else tuple(map(one_line, films.readings)),
            sections=sections(board),
            figures=[(name, quote(name), one_line(said)) for name, said in board.figures],
            charts=charts,
            runs=runs,
            facts=[
                (one_line(name), one_line(value), name == COMMAND)
                for name, value in board.facts
                if value not in board.remarks
            ],
            remarks=list(map(one_line, board.remarks)),
        )
    )


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # Compact, in the order given: half the bytes of the usual.
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False}
    return environment


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """What the page's own policy knows its script and its style by: nothing else runs, whatever a name holds."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _runs(records: Iterable[RunRecord]) -> dict[str, list[_Run]]:
    """The runs of each model, by seed and fold."""
    jobs = sorted(
        (record.job for record in records),
        key=lambda job: (job.model, job.seed, 0 if job.fold is None else job.fold.number),
    )
    found: dict[str, list[_Run]] = {}
    for job in jobs:
        own, folder = found.setdefault(job.model, []), f"{RECORDS}/{record_folder(job)}"
        own.append(
            _Run(
                name=one_line(job_name(job)),
                anchor=f"runs-{len(found)}",
                predictions=f"{folder}/{PREDICTIONS}",
                record=f"{folder}/{RECORD}",
                history=f"{folder}/{HISTORY}",
            )
        )
    return found


def _links(runs: Mapping[str, Sequence[_Run]]) -> dict[str, tuple[str, str]]:
    """Where the numbers of a row come from: the files of its run, or the list of its runs where it has several."""
    return {
        model: (own[0].predictions, own[0].record) if len(own) == 1 else (f"#{own[0].anchor}",) * 2
        for model, own in runs.items()
    }

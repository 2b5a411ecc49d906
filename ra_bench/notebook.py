"""The suite from a notebook: `ra_bench.run(models=["resnet50"])` trains, `ra_bench.read_board(folder)` reads."""

from __future__ import annotations

import html
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ra_bench.boards.render.json import read_board as board_of
from ra_bench.boards.render.numbers import as_text, digits_of
from ra_bench.cli.options import data_folder
from ra_bench.errors import RecordError
from ra_bench.suite.opening import ALL, DEFAULT_DATASET, DEFAULT_PROTOCOL
from ra_bench.values import MetricValue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ra_bench.values import Board, Folds

#: What a row says of a metric that it has not.
UNKNOWN = MetricValue(value=float("nan"))
#: Columns of whole numbers, where a number may be missing.
WHOLE = ("rank", "films", "parameters", "MAdds")


class BoardFrame(pd.DataFrame):
    """A board as a frame: a row a row, indexed by name, with each metric and the ends of its interval, not rounded.

    `RMSE low` and `RMSE high` stand beside `RMSE`. It shows itself as a board does, and so does what is sorted or
    picked: rounded, an interval behind its metric, no empty columns. `attrs` has `board`, `title`, `simulated`,
    `digits` of metrics and, after a run, `folder` and `failed` (model to reason).
    """

    @property
    def _constructor(self) -> Callable[..., BoardFrame]:
        return BoardFrame

    def __repr__(self) -> str:
        """The rows as text, below their title, which calls simulated ones so."""
        return f"{self.attrs.get('title', '')}\n{_shown(self).to_string()}".strip()

    def _repr_html_(self) -> str:
        """The same for a notebook."""
        return f"<p><b>{html.escape(self.attrs.get('title', ''))}</b></p>\n{_shown(self).to_html(border=0)}"


def _shown(frame: pd.DataFrame) -> pd.DataFrame:
    """Texts as on a board: the ends of an interval behind their metric, in one column; no column without a value."""
    digits = {name: many for name, many in frame.attrs.get("digits", {}).items() if name in frame}
    ends = {f"{name} {end}" for name in digits for end in ("low", "high")}
    texts = {name: _texts(frame, name, many) for name, many in digits.items()}
    kept = frame[[name for name in frame.columns if name not in ends]].dropna(axis="columns", how="all")
    return pd.DataFrame({name: texts.get(name, kept[name]) for name in kept}, index=frame.index)


def _texts(frame: pd.DataFrame, name: str, digits: int) -> list[str]:
    columns = [frame.get(column, float("nan")) for column in (name, f"{name} low", f"{name} high")]
    numbers = np.broadcast_arrays(*columns, np.empty(len(frame)))[:3]
    return [as_text(MetricValue(value=v, low=low, high=high), digits) for v, low, high in zip(*numbers, strict=True)]


def run(
    models: str | Sequence[str] = ALL,
    *,
    dataset: str | Path = DEFAULT_DATASET,
    protocol: str | Path = DEFAULT_PROTOCOL,
    seeds: Sequence[int] = (),
    folds: Folds = None,
    device: str = "auto",
    jobs: int | None = None,
    timeout: float | None = None,
    runs: str | Path = "runs",
    boards: str | Path = "leaderboards",
    data: str | Path | None = None,
    plugin_files: Sequence[str | Path] = (),
) -> BoardFrame:
    """Train what does not stand yet, measure, write the board, and return it: `ra-bench run` from a notebook.

    Parameters
    ----------
    models
        Names of models, or "all".
    dataset, protocol
        A name, or the path of a cohort.toml or of a protocol's TOML file.
    seeds, folds, device, jobs
        As of `ra-bench run`.
    timeout
        Seconds that a job may take.
    runs, boards, data
        Folders; data are kept as the command line keeps them, if not given.
    plugin_files
        Plugins in one file each, as behind `-p`.

    Returns
    -------
    BoardFrame
        The board. A job that failed is a row of kind "failed", and a warning with its reason.

    Raises
    ------
    RaBenchError
        As of the command; what is finished is kept.

    Examples
    --------
    >>> import ra_bench
    >>> board = ra_bench.run(["mean"], protocol="smoke")  # doctest: +SKIP
    >>> board["RMSE"].idxmin()  # doctest: +SKIP
    'mean'
    """
    from ra_bench import suite as office
    from ra_bench.cli.terminal import Display
    from ra_bench.runs.observers import with_guests

    suite = office.open_suite(
        plugin_files=[Path(file) for file in plugin_files],
        runs=Path(runs),
        boards=Path(boards),
        data=data_folder() if data is None else Path(data),
    )
    with Display(quiet=True) as display:
        plan = office.plan(
            suite,
            models=[models] if isinstance(models, str) else list(models),
            dataset=str(dataset),
            protocol=str(protocol),
            seeds=seeds,
            folds=folds,
            device=device,
            on_films=display.on_films,
        )
        display.expect(plan)
        outcome = office.run(
            suite,
            plan,
            observers=with_guests(suite.registry, display, display.say),
            on_films=display.on_films,
            slots=jobs,
            timeout=timeout,
        )
    for failure in outcome.failures:
        warnings.warn(f"{failure.job.model} failed: {failure.reason} {failure.advice}".strip(), stacklevel=2)
    if outcome.trouble:
        warnings.warn(outcome.trouble, stacklevel=2)
    frame = frame_of(outcome.board)
    frame.attrs["folder"] = str(outcome.folder)
    frame.attrs["failed"] = {failure.job.model: failure.reason for failure in outcome.failures}
    return frame


def read_board(folder: str | Path) -> BoardFrame:
    """The board in a folder, such as `leaderboards/synthetic-hands`; trains nothing.

    Raises
    ------
    RecordError
        There is no board, or it cannot be read.

    Examples
    --------
    >>> import ra_bench
    >>> ra_bench.read_board("leaderboards/nowhere")
    Traceback (most recent call last):
    ...
    ra_bench.errors.RecordError: leaderboards/nowhere holds no board.json. Give the folder of a board, such as ...
    """
    file = Path(folder) / "board.json"
    if not file.is_file():
        raise RecordError(
            f"{folder} holds no board.json. Give the folder of a board, such as leaderboards/synthetic-hands."
        )
    return frame_of(board_of(file.read_text(encoding="utf-8")))


def frame_of(board: Board) -> BoardFrame:
    """A board's rows with their numbers as they are, not rounded."""
    rows = []
    for row in board.rows:
        cells: dict[str, object] = {"name": row.name, "kind": row.kind, "rank": row.rank}
        for column in board.columns:
            value = row.metrics.get(column.metric, UNKNOWN)
            cells |= {column.label: value.value, f"{column.label} low": value.low, f"{column.label} high": value.high}
        cells |= {
            "films": row.films,
            "parameters": row.parameters,
            "MAdds": row.madds,
            "seconds an epoch": row.seconds_per_epoch,
            "pretrained on": row.pretrained_on,
            "remark": row.remark,
        }
        rows.append(cells)
    frame = BoardFrame(pd.DataFrame(rows).set_index("name").astype(dict.fromkeys(WHOLE, "Int64")))
    digits = {column.label: digits_of(column, board.rows) for column in board.columns}
    frame.attrs = {"board": board.name, "title": board.title, "simulated": board.simulated, "digits": digits}
    return frame

"""Boards that stand: made anew, checked, published, exported, verified."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ra_bench.errors import (
    RaBenchError,
    RecordError,
    UnknownNameError,
)
from ra_bench.runs.datasets import find_dataset, load_scores
from ra_bench.suite.opening import Suite, every

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ra_bench.publishing.check import Checked
    from ra_bench.publishing.verify import Verified
    from ra_bench.specs import MetricSpec, RendererSpec


Made = TypeVar("Made")


def rebuild_boards(
    suite: Suite, names: Sequence[str] = (), *, thumbnails: str | None = None
) -> Iterator[tuple[Path, str]]:
    """Write boards anew from their records and published rows; each with a sentence on what it was made from.

    With the name of a dataset, or the path of a cohort.toml, as `thumbnails`, pictures of the films read worst are put
    on the page of the boards that are named.

    Raises
    ------
    UnknownNameError, RecordError
        No board of that name, or boards that cannot be made, after all that can be are written; thumbnails of no
        named board, of a private cohort, or of other films.
    """
    from ra_bench.boards.leaderboard import rebuild

    if thumbnails is not None:
        there = board_folders(suite, names)
        _put_thumbnails(suite, [there[name] for name in names], thumbnails)
    for folder, found in _each_board(suite, names, rebuild):
        yield folder, found.source


def check_boards(suite: Suite, names: Sequence[str] = ()) -> Iterator[tuple[Path, Checked]]:
    """Make boards again beside their folders, and tell where these hold something else. Writes nothing.

    Raises
    ------
    UnknownNameError, RecordError
        No board of that name, or boards that cannot be made, after all others are checked.
    """
    from ra_bench.publishing.check import check_board

    yield from _each_board(suite, names, check_board)


def publish_board(suite: Suite, name: str, out: Path | None = None) -> tuple[Path, list[str]]:
    """Put a board together in a folder, `published/<board>` if none is given; its path, and the files in it.

    Raises
    ------
    UnknownNameError, RecordError
        No board of that name, or one whose files are not what its records give.
    StorageError
        The folder holds something else, or cannot be written to.
    """
    from ra_bench.publishing.publish import published_files, write_published

    folder, checked = _one_board(suite, name)
    target = Path("published") / name if out is None else out
    return target, write_published(published_files(suite.registry, folder, checked), target)


def export_board(
    suite: Suite, name: str, kind: str, *, model: str | None = None, hub_dataset: str | None = None
) -> str:
    """A board as "latex", "csv", "hf" (a model's results for the Hugging Face Hub) or "methods" (a paragraph).

    Raises
    ------
    UnknownNameError, RecordError
        No board or row of that name, or one that cannot be exported so.
    """
    from ra_bench.publishing.hub import eval_results
    from ra_bench.publishing.latex import latex
    from ra_bench.publishing.methods import methods
    from ra_bench.publishing.spreadsheet import spreadsheet

    _, checked = _one_board(suite, name)
    board, records = checked.made.board, checked.made.records
    makers: dict[str, Callable[[], str]] = {
        "latex": lambda: latex(board),
        "csv": lambda: spreadsheet(board),
        "hf": lambda: eval_results(board, records, model=model, hub_dataset=hub_dataset),
        "methods": lambda: methods(board, records),
    }
    return makers[kind]()


def verify_folder(suite: Suite, folder: Path, *, dataset: str | None = None, tolerance: float = 0.1) -> Verified:
    """Measure the predictions of a folder that somebody handed in, and mark each row of its board.

    `dataset` is the path of the cohort.toml of its films, where no plugin registers them.

    Raises
    ------
    RecordError
        No board in the folder, or records that do not belong together.
    """
    from ra_bench.publishing.readings import find_readings
    from ra_bench.publishing.verify import read_submission, verify

    given = read_submission(folder)
    readings = find_readings(suite.registry, suite.data, given.records, dataset)
    return verify(given, readings, every(suite.registry, "metric"), (suite.runs, suite.boards), tolerance)


def _one_board(suite: Suite, name: str) -> tuple[Path, Checked]:
    return next(check_boards(suite, [name]))


def _each_board(
    suite: Suite, names: Sequence[str], make: Callable[[Path, list[MetricSpec], list[RendererSpec]], Made]
) -> Iterator[tuple[Path, Made]]:
    """What `make` gives for each board or for those named; those that cannot be made are told of at the end."""
    there = board_folders(suite, names)
    broken = []
    for name in names or there:
        try:
            found = make(there[name], every(suite.registry, "metric"), every(suite.registry, "renderer"))
        except RaBenchError as error:
            broken.append(f"Board '{name}': {error}")
        else:
            yield there[name], found
    if broken:
        raise RecordError("\n".join(broken))


def board_folders(suite: Suite, names: Sequence[str]) -> dict[str, Path]:
    """The folder of every board, after a look whether those named are among them."""
    there = _folders(suite)
    if not there:
        raise RecordError(
            f"No board in {suite.boards}. Make one with 'ra-bench run', or name the folder with --boards."
        )
    for name in names:
        board_folder(suite, name)
    return there


def board_folder(suite: Suite, name: str) -> Path:
    """The folder of one board."""
    there = _folders(suite)
    if name not in there:
        raise UnknownNameError("board", name, there, "Make it with 'ra-bench run', or name the folder with --boards.")
    return there[name]


def _folders(suite: Suite) -> dict[str, Path]:
    return {folder.name: folder for folder in sorted(suite.boards.glob("*")) if folder.is_dir()}


def _put_thumbnails(suite: Suite, folders: Sequence[Path], dataset: str) -> None:
    from ra_bench.reports.thumbnails import make_thumbnails

    if not folders:
        raise RecordError("--thumbnails shows films of one cohort: name the boards that were measured on it.")
    cohort = load_scores(find_dataset(suite.registry, dataset), suite.data)
    for folder in folders:
        make_thumbnails(folder, cohort)

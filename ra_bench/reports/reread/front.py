"""A board to a sheet and its key, and what to say of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.errors import RecordError
from ra_bench.reports.reread.sheet import FILM, make_sheet, write_sheet
from ra_bench.reports.reread.suspects import audit_labels

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ra_bench.reports.board_films import BoardFilms
    from ra_bench.reports.reread.sheet import Sheet
    from ra_bench.reports.reread.suspects import LabelAudit

READER = "re-read"


def write_reread(
    found: BoardFilms, *, films: int, margin: float | None, readers: Sequence[str], file: Path, boards: Path
) -> list[str]:
    """Write the sheet and its key, and give a sentence each on what they hold.

    Parameters
    ----------
    found : BoardFilms
        From `own_films`.
    films, margin, readers
        Suspects at most; as in `audit_labels`; headings of the columns to be filled in.
    file : Path
        The sheet.
    boards : Path
        The folder of boards, in which nothing is written: what lies there is meant to be published.

    Raises
    ------
    RecordError
        No predictions film by film, too few models, no yardstick, or a file that may not be written.
    """
    board = found.board
    columns = tuple(readers) or (READER,)
    if FILM in columns or len(set(columns)) < len(columns) or not all(name.strip() for name in columns):
        raise RecordError(
            f"--reader {', '.join(map(repr, columns))}: each column takes a name of its own, and not '{FILM}'."
        )
    if file.resolve().is_relative_to(boards.resolve()):
        raise RecordError(
            f"{file} lies in the folder of boards, which is meant to be published, and a sheet names films. Name "
            "another place with --out."
        )
    if found.films is None:
        raise RecordError(
            f"No predictions stand beside the board '{board.name}', and there are no runs of it. Name the folder of "
            "runs with --runs."
        )
    audit = audit_labels(board, found.films, margin)
    if not audit.suspects:
        return [*_of_rule(audit), "No film is suspect: nothing is written. It does not show that all labels are right."]
    sheet = make_sheet(audit, films)
    key = write_sheet(sheet, audit, columns, file)
    return [*_of_rule(audit), *_of_sheet(sheet, audit, found), *_of_files(file, key, board.name)]


def _of_rule(audit: LabelAudit) -> list[str]:
    how = "as --margin says" if audit.margin_given else "half the width of the limits of agreement of two readers"
    return [
        (
            f"Suspect: most of {len(audit.models)} ranked models err to one side, their median by more than "
            f"{audit.margin:.1f} ({how}), less what each is off at such a score anyway."
        )
    ]


def _of_sheet(sheet: Sheet, audit: LabelAudit, found: BoardFilms) -> list[str]:
    above = sum(one.off > 0 for one in sheet.suspects)
    said = [
        (
            f"{len(audit.suspects)} of {len(audit.suspects) + len(audit.others)} films are suspect; on the sheet: "
            f"{len(sheet.suspects)}, where models read more damage on {above} and less on "
            f"{len(sheet.suspects) - above}, and {len(sheet.controls)} controls of like severity."
        )
    ]
    if len(sheet.controls) < len(sheet.suspects):
        said.append("There are too few other films for as many controls: a reader may guess that most are suspect.")
    if not found.own_ids:
        said.append(
            "The film ids are those of the published records, where films may be numbered. With the folder of runs "
            "(--runs) they are yours."
        )
    return said


def _of_files(file: Path, key: Path, board: str) -> list[str]:
    return [
        f"Sheet: {file}, for the reader.",
        f"Key: {key}. Keep it from the reader: it says which films are suspect, and what models say.",
        f"Once it is filled in: ra-bench rescore {board} --labels PATH/cohort.toml --reread {file}",
    ]

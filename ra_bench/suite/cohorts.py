"""Films before any training: shown, checked, described."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ra_bench.errors import (
    CohortError,
)
from ra_bench.runs.datasets import find_dataset, load_scores
from ra_bench.runs.protocols import find_protocol
from ra_bench.suite.opening import DEFAULT_PROTOCOL, Suite

if TYPE_CHECKING:
    from ra_bench.cohorts.store import OnFilms
    from ra_bench.reports.check import CohortReport


def show_cohort(suite: Suite, dataset: str, file: Path | None, films: int) -> Path:
    """Write a contact sheet of a cohort and give its path; `<name>.png` where none is given."""
    from ra_bench.cohorts.contact_sheet import write_contact_sheet

    cohort = load_scores(find_dataset(suite.registry, dataset), suite.data)
    file = Path(f"{cohort.name}.png") if file is None else file
    write_contact_sheet(cohort, file, films)
    return file


def check_cohort(
    suite: Suite,
    dataset: str,
    protocol: str = DEFAULT_PROTOCOL,
    out: Path | None = None,
    on_films: OnFilms | None = None,
) -> tuple[CohortReport, tuple[Path, ...]]:
    """Find all that is wrong with a cohort, or must be known of it; on request also as HTML and JSON in a folder.

    Raises
    ------
    UnknownNameError, CohortError, ProtocolError
        A name that nobody registered, or a file that cannot be read at all.
    StorageError
        The folder cannot be written to.
    """
    from ra_bench.reports.check import check
    from ra_bench.reports.check_html import write_check

    report = check(suite.registry, dataset, find_protocol(suite.registry, protocol), suite.data, on_films)
    return report, write_check(report, out) if out is not None else ()


def describe_films(folder: Path, *, replace_it: bool = False) -> tuple[Path, tuple[str, ...]]:
    """Write the cohort.toml that a folder of films and a table suggest; give its path and what was guessed.

    Raises
    ------
    CohortError
        There is a cohort.toml already, or nothing that one could be made of.
    """
    from ra_bench.cohorts.description import write_description
    from ra_bench.cohorts.propose import propose_description

    file = folder / "cohort.toml"
    if file.exists() and not replace_it:
        raise CohortError(f"{file} is there already and is left as it is. Edit it, or write it anew with --force.")
    proposal = propose_description(folder)
    write_description(proposal.description, file)
    return file, proposal.guesses

"""A first `cohort.toml` for a folder whose layout is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.cohorts.description import complete_description
from ra_bench.cohorts.layouts.known import find_layout
from ra_bench.cohorts.proposal import PRIVATE, Proposal, cohort_name, common_folder, films_below, seen_from

if TYPE_CHECKING:
    from pathlib import Path


def propose_layout(folder: Path, home: Path | None) -> Proposal | None:
    """The description that a known layout suggests; None if the folder has none.

    Raises
    ------
    CohortError
        Two tables have a known layout, it is one without scores, or there is no film.
    """
    found = find_layout(folder)
    if found is None:
        return None
    layout, table = found
    there = films_below(folder)
    content = {
        "name": cohort_name(folder),
        "layout": layout.name,
        "compose": layout.composes and layout.composed_at_first,
        "table": seen_from(home, folder, table),
        "films": seen_from(home, folder, common_folder(folder, there)),
        "private": True,
    }
    description = complete_description(content, folder / "cohort.toml")
    scale = description.scale
    known_by = "its folders" if table == folder else table.name
    guesses = [
        f"Layout: {layout.name}, known by {known_by}; {len(there)} films below {folder}.",
        f"Score: {scale.name}, {scale.minimum:g} to {scale.maximum:g} {scale.unit}.",
        "Patient: known by the layout; films are split by it."
        if description.patient
        else "Patient: the layout has no key for patients, so no split can be shown to be by patient.",
    ]
    if layout.composes:
        made = "one film with both" if description.compose else "two films"
        guesses.append(f"Hands: those of a patient are {made}; 'compose' changes it.")
    if description.split is not None:
        guesses.append("Split: given by the layout's folders.")
    return Proposal(description=description, guesses=(*guesses, PRIVATE))

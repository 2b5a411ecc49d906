"""Table 6 as sections: each prediction with a mark that says what the paper says by colour."""

from __future__ import annotations

import re
from math import isnan
from typing import TYPE_CHECKING

from ra_bench.boards.render.numbers import UNDEFINED, decimals
from ra_bench.reports.paper.films import FAR, FILMS, SEED, mark_of
from ra_bench.reports.sections import Column, Section

if TYPE_CHECKING:
    from ra_bench.reports.paper.films import FilmRow, FilmView

MARKS = {"near": "●", "above": "▲", "below": "▼", "": ""}
#: A prediction with its mark, as it stands in a cell: what a colour is put on.
MARKED = re.compile(r"(-?[\d.]+) ([●▲▼])")
#: Green and red of Okabe and Ito 2008, which people with any colour vision tell apart; the marks say the same.
GREEN, RED = (0, 158, 115), (213, 94, 0)
LEGEND = (
    f"{MARKS['near']} (green): no more than {FAR:g} off the mean of the readers. {MARKS['above']}, {MARKS['below']} "
    f"(red): more than {FAR:g} above or below it, where the paper's red begins. Of green the paper says only 'near'; "
    "that all the rest is green is our reading."
)
_RULE = (
    f"Rule, ours, since the paper tells none: the test films that have a reference, in the order of it, are cut into "
    f"{FILMS} equal parts, and one film is drawn from each (seed {SEED}), whatever was predicted. {FILMS} films show "
    "what a score looks like and say nothing of a model."
)


def colour_of(mark: str) -> tuple[int, int, int]:
    """Red, green and blue of a mark, 0 to 255."""
    return GREEN if mark == MARKS["near"] else RED


def film_sections(films: FilmView, heading: str, said: tuple[str, ...]) -> list[Section]:
    """The board's films; and the paper's own beside them where they stand there."""
    lines = (*said, films.why) if films.why else (*said, _RULE)
    sections = [Section(heading=heading, lines=lines, columns=_columns(films.rows), notes=_notes(films))]
    if films.printed:
        sections.append(
            Section(
                heading=f"{heading}, PUBLISHED",
                lines=("Printed by Wang et al. 2022, not recomputed. How its films were chosen is not told.",),
                columns=_columns(films.printed),
                notes=(LEGEND,),
            )
        )
    return sections


def _notes(films: FilmView) -> tuple[str, ...]:
    if not films.rows:
        return ()
    seeds = [f"{model} (seed {seed})" for model, seed in films.seeds.items()]
    return (LEGEND, f"Predictions, one training each: {', '.join(seeds)}.")


def _columns(rows: tuple[FilmRow, ...]) -> tuple[Column, ...]:
    if not rows:
        return ()
    return (
        Column(heading="Film", cells=tuple(row.film for row in rows), right=False),
        *(
            Column(heading=reader, cells=tuple(_score(row.readings[reader]) for row in rows))
            for reader in rows[0].readings
        ),
        Column(heading="mean", cells=tuple(_score(row.mean) for row in rows)),
        *(
            Column(heading=model, cells=tuple(_marked(row.predicted[model], row.mean) for row in rows))
            for model in rows[0].predicted
        ),
    )


def _score(value: float) -> str:
    """A reading as it was given: whole, or with a decimal."""
    return UNDEFINED if isnan(value) else f"{value:.{min(1, decimals(value))}f}"


def _marked(predicted: float, mean: float) -> str:
    if isnan(predicted):
        return UNDEFINED
    return f"{predicted:.0f} {MARKS[mark_of(predicted, mean)]}".strip()

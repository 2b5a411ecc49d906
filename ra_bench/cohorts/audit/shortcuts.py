"""What can be known of a film without looking at a joint, and what that alone tells of its score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ra_bench.cohorts.audit.finding import Finding
from ra_bench.cohorts.audit.predictability import predictability
from ra_bench.cohorts.table import FACTS, number_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ra_bench.cohorts.audit.film import AuditedFilm

    Floats = NDArray[np.float64]

#: An alarm takes both: a share of the variance that matters (rho 0.2), and a p that chance seldom gives.
ALARM_SHARE, ALARM_P = 0.04, 0.01

#: Fewer patients tell too little.
FEWEST = 30

TOGETHER = "all together"

#: Words of a column that are rarer than this count as one.
_RARE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """What one thing, or all together, predicts: a share of the variance of patients' scores, and p."""

    name: str
    share: float
    p: float

    @property
    def alarm(self) -> bool:
        """Whether a model could learn this instead of joints."""
        return self.share >= ALARM_SHARE and self.p <= ALARM_P


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcuts:
    """`found` are what was measured, `patients` on how many; `note` says what was not, and why."""

    found: tuple[Shortcut, ...] = ()
    patients: int = 0
    note: str = ""


def measure_shortcuts(films: Sequence[AuditedFilm], patients: Sequence[str]) -> Shortcuts:
    """Predict patients' mean scores from file size, pixels, pixel spacing, site, year, sex, age and marker.

    Parameters
    ----------
    films : sequence of AuditedFilm
    patients : sequence of str
        Whose each film is. A patient counts once, with the means of his films: films of one patient are not
        independent.
    """
    import numpy as np

    names, owner = np.unique(np.array(patients), return_inverse=True)
    if len(names) < FEWEST:
        return Shortcuts(patients=len(names), note=f"Not measured: it takes {FEWEST} patients or more.")
    columns = {name: column for name, column in _columns(films).items() if np.ptp(column, axis=0).any()}
    if not columns:
        return Shortcuts(patients=len(names), note="Nothing to measure: all that is known is the same for every film.")
    columns = {name: _by_patient(column, owner) for name, column in columns.items()}
    scores = _by_patient(np.array([[film.score] for film in films]), owner)[:, 0]
    if not np.ptp(scores):
        return Shortcuts(patients=len(names), note="Not measured: all patients have the same score.")
    if len(columns) > 1:
        columns[TOGETHER] = np.column_stack(list(columns.values()))
    found = predictability(columns, scores)
    return Shortcuts(
        found=tuple(Shortcut(name=name, share=value.share, p=value.p) for name, value in found.items()),
        patients=len(names),
    )


def find_shortcuts(measured: Shortcuts) -> list[Finding]:
    """The alarm, if there is one."""
    alarms = [shortcut for shortcut in measured.found if shortcut.alarm]
    if not alarms:
        return []
    return [
        Finding(
            kind="shortcut",
            level="warning",
            said=f"Without looking at a joint the score can be guessed, from {_listed([one.name for one in alarms])}",
            items=tuple(
                f"{one.name} alone predicts {one.share:.0%} of the variance of scores (p = {one.p:.3f})"
                if one.name != TOGETHER
                else f"{one.name} predict {one.share:.0%} of the variance of scores (p = {one.p:.3f})"
                for one in alarms
            ),
            advice="A model may learn this instead of damage. Find out why it goes with the score: films of one site, "
            "of one device or of one time may have other patients. Age may go with damage itself.",
        )
    ]


def _columns(films: Sequence[AuditedFilm]) -> dict[str, Floats]:
    """All that is known of each film, by what it is; what is not known of every film has a column that says so."""
    import numpy as np

    known: dict[str, Floats] = {}
    if all(film.size is not None for film in films):
        known["file size"] = _ranked(np.array([float(film.size or 0) for film in films]))
    heights, widths = (np.array([float(getattr(film.looks[0], key)) for film in films]) for key in ("height", "width"))
    known["pixel dimensions"] = np.column_stack([_ranked(column) for column in (heights, widths, heights / widths)])
    spacing = [film.looks[0].pixel_spacing for film in films]
    if any(spacing):
        known["pixel spacing"] = _numbers([None if one is None else one[0] for one in spacing])
    for fact in FACTS:
        cells = [film.facts.get(fact) for film in films]
        numbers = [None if cell is None else number_in(cell) for cell in cells]
        if not any(cells):
            continue
        numeric = fact in {"year", "age"} and all(
            number is not None for number, cell in zip(numbers, cells, strict=True) if cell is not None
        )
        known[fact] = _numbers(numbers) if numeric else _words(cells)
    return known


def _numbers(values: Sequence[float | None]) -> Floats:
    """Numbers by rank; those that are missing lie in the middle and have a column of their own."""
    import numpy as np

    missing = np.array([value is None for value in values])
    filled = np.median([value for value in values if value is not None])
    ranked = _ranked(np.array([float(filled) if value is None else value for value in values]))
    return np.column_stack([ranked, missing.astype(np.float64)])


def _ranked(values: Floats) -> Floats:
    """Ranks from -1 to 1 and their squares: rising, falling and bent relations are seen, and no outlier rules."""
    import numpy as np
    from scipy.stats import rankdata

    rank = 2 * (rankdata(values) - 1) / max(1, len(values) - 1) - 1
    return np.column_stack([rank, rank**2])


def _words(cells: Sequence[str | None]) -> Floats:
    """A column a word, rare words and empty cells together."""
    import numpy as np

    words = ["" if cell is None else cell.casefold() for cell in cells]
    kept = sorted(word for word in set(words) if word and words.count(word) >= _RARE)
    return np.array([[float(word == one) for one in kept] + [float(word not in kept)] for word in words])


def _by_patient(column: Floats, owner: NDArray[np.intp]) -> Floats:
    """The mean of each patient's films."""
    import numpy as np

    count = np.bincount(owner)
    return np.column_stack([np.bincount(owner, weights=part) / count for part in column.T])


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

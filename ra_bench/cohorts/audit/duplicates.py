"""Films that are there twice: with the same pixels, or so alike that one must be a copy of the other."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from ra_bench.cohorts.audit.film import called
from ra_bench.cohorts.audit.finding import FILM_OF_TWO_PATIENTS, Finding, counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ra_bench.cohorts.audit.film import AuditedFilm

#: Bits of 256 in which two films' patterns may differ and still count as copies. Of 720,000 pairs of simulated films
#: the nearest were 38 apart, of 780 pairs of real ones 44; copies that were saved anew, made smaller, brighter or
#: darker, at most 10.
NEAR = 16

#: Rows of the table of distances that are in memory at a time.
_ROWS = 2048


_Pair = tuple["AuditedFilm", "AuditedFilm"]


def groups_of_twins(films: Sequence[AuditedFilm]) -> list[list[AuditedFilm]]:
    """Groups of films that have the same pixels, in whole or in one hand."""
    groups: dict[str, list[AuditedFilm]] = {}
    for film in films:
        for look in film.looks:
            groups.setdefault(look.digest, []).append(film)
    return [group for group in groups.values() if len(group) > 1]


def find_duplicates(films: Sequence[AuditedFilm]) -> list[Finding]:
    """Films with the same pixels: of one patient, of two (who could stand on two sides), as both hands of one film."""
    one_hand: list[str] = []
    of_two: list[_Pair] = []
    of_one: list[_Pair] = []
    for group in groups_of_twins(films):
        whole = list({film.film: film for film in group}.values())
        one_hand += [film.film for film in whole if group.count(film) > 1]
        for one, other in combinations(whole, 2):
            apart = one.patient is not None and other.patient is not None and one.patient != other.patient
            (of_two if apart else of_one).append((one, other))
    return [*_one_hand(one_hand), *_of_two_patients(of_two), *_of_one_patient(of_one)]


def find_near_duplicates(films: Sequence[AuditedFilm]) -> list[Finding]:
    """Films that are nearly the same: saved anew, made smaller, brighter or darker."""
    pairs = list({(one.film, other.film): (one, other) for one, other in _near_pairs(films)}.values())
    if not pairs:
        return []
    across = [pair for pair in pairs if pair[0].side != pair[1].side]
    told = f", {len(across)} of them on two sides of the split" if across else ""
    return [
        Finding(
            kind="near-duplicates",
            level="warning",
            said=f"{_pairs(pairs)} {'looks' if len(pairs) == 1 else 'look'} like copies of one another{told}"
            f"{_in_conflict(pairs)}",
            items=tuple(f"Films {called(one)} and {called(other)}" for one, other in pairs),
            advice="Look at both. If one is a copy, take it out of the table, or give both the same patient.",
        )
    ]


def _near_pairs(films: Sequence[AuditedFilm]) -> Iterator[_Pair]:
    """Pairs with patterns at most `NEAR` bits apart, but not the same pixels."""
    import numpy as np

    parts = [(film, look) for film in films for look in film.looks if look.pattern]
    if len(parts) < 2:
        return
    bits = np.unpackbits(np.array([np.frombuffer(look.pattern, np.uint8) for _, look in parts]), axis=1)
    signs = bits.astype(np.float32) * 2 - 1
    for start in range(0, len(parts), _ROWS):
        rows = signs[start : start + _ROWS]
        apart: NDArray[np.float32] = (signs.shape[1] - rows @ signs[start:].T) / 2
        for row, column in np.argwhere(np.triu(apart <= NEAR, 1)):
            (one, its), (other, others) = parts[start + row], parts[start + column]
            if one.film != other.film and its.digest != others.digest:
                yield one, other


def _one_hand(films: Sequence[str]) -> list[Finding]:
    if not films:
        return []
    return [
        Finding(
            kind="one-hand-twice",
            level="error",
            said=f"In {counted(len(films), 'film')} one hand stands for both",
            items=tuple(f"'{film}': the films of its left and its right hand have the same pixels" for film in films),
            advice="Put the right file in its place, or take the row out of the table.",
        )
    ]


def _of_two_patients(pairs: Sequence[_Pair]) -> list[Finding]:
    if not pairs:
        return []
    whose = f"{_pairs(pairs)} of different patients {'has' if len(pairs) == 1 else 'have'} the same pixels"
    return [
        Finding(
            kind=FILM_OF_TWO_PATIENTS,
            level="error",
            said=f"{whose}, so one patient could stand on two sides of the split{_in_conflict(pairs)}",
            items=tuple(_same_pixels(one, other) for one, other in pairs),
            advice="Take one of each out of the table, or give both the same patient. "
            f'If it must stay: allow = ["{FILM_OF_TWO_PATIENTS}"] in cohort.toml, which the board then says.',
        )
    ]


def _of_one_patient(pairs: Sequence[_Pair]) -> list[Finding]:
    if not pairs:
        return []
    count = len({other.film for _, other in pairs})
    return [
        Finding(
            kind="same-film-twice",
            level="warning",
            said=f"{counted(count, 'film has', 'films have')} the same pixels as another; they count as one "
            f"patient{_in_conflict(pairs)}",
            items=tuple(_same_pixels(one, other) for one, other in pairs),
            advice="Keep one row a film: a film that is there twice counts twice.",
        )
    ]


def _same_pixels(one: AuditedFilm, other: AuditedFilm) -> str:
    return f"Films {called(one)} and {called(other)} have the same pixels"


def _pairs(pairs: Sequence[object]) -> str:
    return counted(len(pairs), "pair of films", "pairs of films")


def _in_conflict(pairs: Sequence[_Pair]) -> str:
    """How many pairs were scored differently."""
    count = sum(one.score != other.score for one, other in pairs)
    return f"; {count} of them with different scores" if count else ""

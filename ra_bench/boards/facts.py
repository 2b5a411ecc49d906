"""What a board says of itself: what was run, on what, when and with what."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from ra_bench.boards.columns import COMMAND, MEASURED_ON, SCALE
from ra_bench.boards.evaluate import RESAMPLES, SEED
from ra_bench.cohorts.audit.finding import counted
from ra_bench.cohorts.visits import visit_numbers
from ra_bench.values import Scale

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ra_bench.boards.held_out import HeldOut
    from ra_bench.values import Board, Cohort, Protocol, RunRecord, SplitPlan

Facts = tuple[tuple[str, str], ...]

COHORT, READERS = "cohort", "readers"
COHORT_NOTE = "note on the cohort"
CHOICE = "our choice where the paper is silent"
#: Facts that are read off the records, and so made anew whenever the board is.
_OF_RECORDS = (MEASURED_ON, "packages", "versions", "device", "finished", "intervals")


def setting_facts(cohort: Cohort, plan: SplitPlan, protocol: Protocol, *, command: str = "") -> Facts:
    """Facts that no record holds: the cohort, its split and the protocol.

    Parameters
    ----------
    cohort, plan, protocol
        As they were used; the splits after `protocol.max_films`.
    command : str
        The command that makes the board, without folders of this machine.

    Returns
    -------
    tuple of (name, value)
        In the order in which they are shown. A board that is made again keeps them from its board.json.
    """
    facts = [
        (COHORT, f"{cohort.name}, version {cohort.version}{', simulated' if cohort.simulated else ''}"),
        (SCALE, scale_fact(cohort.scale)),
        (READERS, readers_fact(cohort)),
        ("training", _sizes([split.train for split in plan.splits], cohort)),
        ("validation", _sizes([split.validation for split in plan.splits], cohort)),
        ("test", _sizes([split.test for split in plan.splits], cohort)),
        ("visits", visits_fact(cohort)),
        ("split", plan.origin),
        ("protocol", f"{protocol.name}: {protocol.summary}"),
        *((CHOICE, f"{key}: {reason}") for key, reason in protocol.ours.items()),
        *((COHORT_NOTE, remark) for remark in cohort.remarks),
        ("citation", cohort.citation),
        ("licence", cohort.licence),
        (COMMAND, command),
    ]
    return tuple((name, value) for name, value in facts if value)


def scale_fact(scale: Scale) -> str:
    """What a score counts, and its ends.

    Examples
    --------
    >>> from ra_bench.values import SVH_HANDS
    >>> scale_fact(SVH_HANDS)
    'SvH, both hands, 0 to 280 SvH units'
    """
    return f"{scale.name}, {scale.minimum:g} to {scale.maximum:g} {scale.unit}"


def scale_of(board: Board) -> Scale | None:
    """The scale that the facts of a board name; None where they do not.

    Examples
    --------
    >>> from ra_bench.values import Board
    >>> fact = ("scale", "SvH, both hands, 0 to 280 SvH units")
    >>> scale_of(Board(name="b", title="b", columns=(), rows=(), facts=(fact,))).maximum
    280.0
    """
    number = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
    for name, value in board.facts:
        found = re.fullmatch(rf"(.+), ({number}) to ({number}) (.+)", value) if name == SCALE else None
        if found:
            return Scale(name=found[1], minimum=float(found[2]), maximum=float(found[3]), unit=found[4])
    return None


def readers_fact(cohort: Cohort) -> str:
    """How many readers there are, and who."""
    readers = sorted({reader for sample in cohort.samples for reader in sample.readings})
    return f"{len(readers)}: {', '.join(readers)}"


def visits_fact(cohort: Cohort) -> str:
    """How many visits patients have, and whether their order is known; empty where nobody has two."""
    named: dict[str, set[str]] = {}
    for sample in cohort.samples:
        if sample.visit:
            named.setdefault(sample.patient_id, set()).add(sample.visit)
    count = Counter(map(len, named.values()))
    if max(count, default=0) < 2:
        return ""
    most = f"up to {max(count)} a patient; {counted(sum(count.values()) - count[1], 'patient')} with two or more"
    if visit_numbers(cohort.samples):
        return f"{most}, in the order of the numbers in their names"
    return (
        f"{most}, in no order that their names tell, so that change is not measured. Name them by numbers or by dates "
        "with the year first"
    )


def record_facts(records: Sequence[RunRecord], films: HeldOut) -> Facts:
    """Facts that the records hold: test films, packages of the models, versions, device, dates."""
    finished = sorted(record.finished for record in records)
    ends = dict.fromkeys((finished[0], finished[-1]))
    names = sorted({name for record in records for name in record.environment})
    versions = [
        f"{name} {_all(record.environment[name] for record in records if name in record.environment)}" for name in names
    ]
    facts = {
        MEASURED_ON: f"{films.scored:,} films of {films.patient_count:,} patients",
        "packages": _all(f"{record.job.plugin} {record.job.plugin_version}" for record in records),
        "versions": ", ".join(versions),
        "device": _all(record.device for record in records),
        "finished": " to ".join(ends),
        "intervals": f"from {RESAMPLES:,} resamples of patients, seed {SEED}, the same for every row",
    }
    return tuple((name, facts[name]) for name in _OF_RECORDS if facts[name])


def without_record_facts(facts: Facts) -> Facts:
    """What stays of a board's facts when its records are measured again."""
    return tuple(fact for fact in facts if fact[0] not in _OF_RECORDS)


def _sizes(sides: Sequence[tuple[str, ...]], cohort: Cohort) -> str:
    """The size of a side; in folds that of each fold's, which differ by a few films."""
    if len(sides) == 1:
        return _size(sides[0], cohort)
    fewest, most = min(map(len, sides)), max(map(len, sides))
    films = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    return f"{films} films in each of {len(sides)} folds; {_size(tuple(set().union(*sides)), cohort)} in all"


def _size(ids: Sequence[str], cohort: Cohort) -> str:
    """Films, visits where they are known, and patients: each is counted by itself."""
    chosen = set(ids)
    some = [sample for sample in cohort.samples if sample.sample_id in chosen]
    visits = {(sample.patient_id, sample.visit) for sample in some if sample.visit}
    known = f"{len(visits):,} visits of " if visits and all(sample.visit for sample in some) else ""
    return f"{len(ids):,} films of {known}{len({sample.patient_id for sample in some}):,} patients"


def _all(values: Iterable[str]) -> str:
    return ", ".join(sorted(set(values)))

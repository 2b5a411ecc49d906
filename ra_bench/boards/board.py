"""A board from its records: every row in its place, and what a reader of it must know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.boards.change import measure_change
from ra_bench.boards.columns import columns_of
from ra_bench.boards.evaluate import draw, evaluate
from ra_bench.boards.facts import record_facts, without_record_facts
from ra_bench.boards.folds import missing_rows, pool_folds
from ra_bench.boards.held_out import held_out
from ra_bench.boards.readers import measure_readers
from ra_bench.boards.remarks import PRIVATE, cohort_notes, measured_remarks
from ra_bench.boards.rows import measured_rows, still_unfinished, unfinished_rows
from ra_bench.boards.sites import measure_sites
from ra_bench.boards.uncertainty import measure_uncertainty
from ra_bench.values import Board, BoardRow

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ra_bench.boards.facts import Facts
    from ra_bench.specs import MetricSpec
    from ra_bench.values import ChangeResult, Failure, Job, RunRecord, SiteResult, UncertaintyRow


def build_board(
    name: str,
    *,
    records: Sequence[RunRecord],
    metrics: Sequence[MetricSpec],
    failures: Sequence[Failure] = (),
    waiting: Sequence[Job] = (),
    baselines: Collection[str] = (),
    facts: Facts = (),
    title: str = "",
    simulated: bool = False,
    private: bool = False,
) -> Board:
    """Measure, rank and describe everything of one cohort, split and protocol.

    Parameters
    ----------
    name : str
        Name of the board, and its title where none is given.
    records : sequence of RunRecord
        Finished runs, several seeds a model allowed, a record a fold where there are folds. Without any, the board has
        no measured rows.
    metrics : sequence of MetricSpec
        The registered columns, in order.
    failures, waiting : sequence of Failure, of Job
        What did not finish, or not yet; each is a row that says why.
    baselines : collection of str
        Models that are shown in a section of their own and not ranked.
    facts : tuple of (name, value)
        What the records do not hold, from `setting_facts`.
    title : str
        Heading; "simulated" is added where the cohort is.
    simulated, private : bool
        As the cohort says.

    Returns
    -------
    Board
        Models by rank, baselines, readers, failed, waiting.

    Raises
    ------
    RecordError
        Records that cannot stand side by side.
    PluginError
        Two metrics share a name.
    """
    unfinished = unfinished_rows(failures, waiting)
    return assemble(
        name, records, metrics, unfinished, baselines, facts, title or name, simulated=simulated, private=private
    )


def assemble(
    name: str,
    records: Sequence[RunRecord],
    metrics: Sequence[MetricSpec],
    unfinished: Sequence[BoardRow],
    baselines: Collection[str],
    facts: Facts,
    title: str,
    *,
    simulated: bool,
    private: bool,
    before: tuple[BoardRow, ...] = (),
) -> Board:
    """`build_board` with what did not finish as rows already, and with the rows on other labels `before`."""
    columns = columns_of(metrics)
    rows: list[BoardRow] = []
    remarks = cohort_notes(facts)
    pooled = pool_folds(records)
    whole = pooled.records
    sites: tuple[SiteResult, ...] = ()
    uncertainty: tuple[UncertaintyRow, ...] = ()
    change: ChangeResult | None = None
    if whole:
        films = held_out(whole)
        resampling = draw(films)
        readers = measure_readers(films, metrics, resampling)
        measured = evaluate(films, metrics, resampling)
        rows += measured_rows(whole, measured, baselines=baselines, benchmark=readers.benchmark, scored=films.scored)
        rows += readers.rows
        remarks += readers.remarks + measured_remarks(films, rows, records, measured)
        sites = measure_sites(films, pooled.sites)
        uncertainty = measure_uncertainty(films, whole, resampling)
        change = measure_change(films, rows, resampling)
        facts = (*facts, *record_facts(records, films))
    left = still_unfinished(unfinished, whole)
    return Board(
        name=name,
        title=f"{title}, simulated cohort" if simulated and "simulated" not in title.lower() else title,
        columns=columns,
        rows=(*rows, *left, *missing_rows(pooled, left)),
        facts=facts,
        remarks=(*remarks, PRIVATE) if private else remarks,
        simulated=simulated,
        private=private,
        sites=sites,
        before=before,
        uncertainty=uncertainty,
        change=change,
    )


def measured_again(old: Board, records: Sequence[RunRecord], metrics: Sequence[MetricSpec]) -> Board:
    """A board anew from records; what they do not hold, and what is unfinished or a baseline, as the old board says."""
    return assemble(
        old.name,
        records,
        metrics,
        [row for row in old.rows if row.kind in ("failed", "waiting")],
        [row.name for row in old.rows if row.kind == "baseline"],
        without_record_facts(old.facts),
        old.title,
        simulated=old.simulated,
        private=old.private,
        before=old.before,
    )

"""What a job is called for people: its model, its seed and its fold."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ra_bench.values import Fold, Job


def job_name(job: Job) -> str:
    """What a job is called for people: model, seed and fold."""
    return f"{job.model}, seed {job.seed}{_fold_text(job.fold)}"


def short_name(job: Job) -> str:
    """What a job is called where seed 0 goes without saying."""
    return f"{job.model}{'' if job.seed == 0 else f', seed {job.seed}'}{_fold_text(job.fold)}"


def _fold_text(fold: Fold | None) -> str:
    """What is said of a job's fold behind its model and seed.

    Examples
    --------
    >>> from ra_bench.values import Fold
    >>> _fold_text(None), _fold_text(Fold(number=2, of=5)), _fold_text(Fold(number=1, of=3, site="Leiden"))
    ('', ', fold 2 of 5', ", fold 1 of 3 (site 'Leiden')")
    """
    if fold is None:
        return ""
    return f", fold {fold.number} of {fold.of}{f' (site {fold.site!r})' if fold.site else ''}"

"""A split plan: one split, or folds in which each film is tested once, by a model that saw nothing of its patient.

Folds are of patients, stratified by score, or of sites: each site is tested by a model that saw no film of it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ra_bench.cohorts.splits import as_split, deal, draw_parts, limit_split, mean_references, split_cohort
from ra_bench.errors import CohortError, LeakError
from ra_bench.values import Cohort, SplitPlan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ra_bench.values import Folds, Split, SplitRule

#: What `folds` is called where the sites are the folds.
SITES = "sites"


def plan_splits(cohort: Cohort, rule: SplitRule, *, folds: Folds = None, max_films: int | None = None) -> SplitPlan:
    """All splits that a run means, of at most `max_films` films.

    Parameters
    ----------
    cohort, rule
        The cohort, and the protocol's parts and seed. With folds the parts say how many of the patients that are not
        tested validate: train to validation.
    folds : int, "sites" or None
        So many folds of patients; a fold a site; or one split, the cohort's own or one by the rule.
    max_films : int, optional
        Films used at most, whole patients as long as they fit.

    Raises
    ------
    CohortError
        Fewer than two folds or sites, more folds than patients, a film without site, a cohort that brings its own
        split, or too few patients left to train and validate.
    LeakError
        A patient with films of two sites.
    """
    if folds is None:
        split = limit_split(split_cohort(cohort, rule), cohort, max_films, rule.seed)
        return SplitPlan(splits=(split,), origin=split.origin)
    if cohort.given_split is not None:
        raise CohortError(
            f"The cohort '{cohort.name}' brings its own split ({cohort.given_split.origin}), and folds would replace "
            "it. Leave --folds out to use it, or delete [split] in cohort.toml to make folds."
        )
    return _by_site(cohort, rule, max_films) if folds == SITES else _by_patient(cohort, rule, int(folds), max_films)


def _by_patient(cohort: Cohort, rule: SplitRule, folds: int, max_films: int | None) -> SplitPlan:
    if folds < 2:
        raise CohortError(
            f"{folds} fold(s) would leave nothing to train on. Give 2 folds or more, in practice 5 or 10."
        )
    cohort, drawn = _limited(cohort, {"": [sample.sample_id for sample in cohort.samples]}, rule, max_films)
    scores = mean_references(cohort.samples)
    if folds > len(scores):
        of_them = f" ({drawn.removeprefix('; ')})" if drawn else ""
        raise CohortError(
            f"Cohort '{cohort.name}' has {len(scores)} patient(s){of_them}: too few for {folds} folds, each of which "
            "tests one at least. Give fewer folds."
        )
    names = {f"{number:06d}": 1.0 for number in range(1, folds + 1)}  # dealt in the order of their names
    tested = deal(scores, names, rule.seed, cohort.name)
    origin = f"{folds} folds by patient, stratified by score; {_of_validation(rule)}{drawn}"
    splits = [_leaving_out(cohort, rule, tested, name, f"fold {int(name)}", origin) for name in names]
    return SplitPlan(splits=tuple(splits), origin=origin)


def _by_site(cohort: Cohort, rule: SplitRule, max_films: int | None) -> SplitPlan:
    films = _films_of_sites(cohort)
    cohort, drawn = _limited(cohort, films, rule, max_films)
    tested = {sample.patient_id: sample.site for sample in cohort.samples}
    origin = f"{len(films)} sites, each tested by a model that saw no film of it; {_of_validation(rule)}{drawn}"
    splits = [_leaving_out(cohort, rule, tested, site, f"site '{site}'", origin) for site in films]
    return SplitPlan(splits=tuple(splits), origin=origin, sites=tuple(films))


def _films_of_sites(cohort: Cohort) -> dict[str, list[str]]:
    """The films of each site, by name; two sites at least, and no patient at two."""
    without = [sample.sample_id for sample in cohort.samples if not sample.site]
    if len(without) == len(cohort.samples):
        raise CohortError(
            f"The cohort '{cohort.name}' names no site. Give 'site', the column that says where a film was taken, in "
            "cohort.toml, or make folds of patients: --folds 5."
        )
    if without:
        raise CohortError(
            f"{len(without)} of {len(cohort.samples)} films of cohort '{cohort.name}' have no site, such as "
            f"'{without[0]}'. Fill in the site column, or take those films out of the table."
        )
    sites: dict[str, list[str]] = {}
    home: dict[str, str] = {}
    for sample in cohort.samples:
        if home.setdefault(sample.patient_id, sample.site) != sample.site:
            raise LeakError(
                f"Patient '{sample.patient_id}' of cohort '{cohort.name}' has films of two sites, "
                f"'{home[sample.patient_id]}' and '{sample.site}' (film '{sample.sample_id}'), and would be learnt and "
                "tested.\nGive all films of a patient one site, or take the films of one site out of the table."
            )
        sites.setdefault(sample.site, []).append(sample.sample_id)
    if len(sites) < 2:
        raise CohortError(
            f"All films of cohort '{cohort.name}' are of one site, '{next(iter(sites))}', so that none can be left "
            "out. Make folds of patients: --folds 5."
        )
    return {site: sites[site] for site in sorted(sites)}


def _leaving_out(
    cohort: Cohort, rule: SplitRule, tested: Mapping[str, str], fold: str, called: str, origin: str
) -> Split:
    """The split of one fold: its patients test; of the others some validate."""
    others = [sample for sample in cohort.samples if tested[sample.patient_id] != fold]
    sides = deal(
        mean_references(others),
        {"train": rule.train, "validation": rule.validation},
        rule.seed,
        f"{cohort.name} without {called}",
    )
    return as_split(cohort, {patient: sides.get(patient, "test") for patient in tested}, origin)


def _limited(
    cohort: Cohort, parts: Mapping[str, Sequence[str]], rule: SplitRule, max_films: int | None
) -> tuple[Cohort, str]:
    """The cohort with at most `max_films` films, drawn from the parts in proportion; and what is said of that."""
    total = len(cohort.samples)
    if max_films is None or total <= max_films:
        return cohort, ""
    if max_films < len(parts):
        raise CohortError(
            f"max_films = {max_films} leaves a site of cohort '{cohort.name}' without a film: it has {len(parts)} "
            "sites. Choose as many or more in the protocol."
        )
    chosen = {film for ids in draw_parts(parts, cohort, max_films, rule.seed).values() for film in ids}
    samples = tuple(sample for sample in cohort.samples if sample.sample_id in chosen)
    return replace(cohort, samples=samples), f"; {len(samples)} of {total} films, patients drawn by seed {rule.seed}"


def _of_validation(rule: SplitRule) -> str:
    return (
        f"of the patients that are not tested train and validate {rule.train:g}:{rule.validation:g}, stratified by "
        f"score; seed {rule.seed}"
    )

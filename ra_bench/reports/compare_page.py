"""A comparison as a page of tables and sentences."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from ra_bench.boards.render.numbers import as_text, fixed
from ra_bench.reports.compare import ALPHA, MEASURES
from ra_bench.reports.pages import Page
from ra_bench.reports.sections import Column, Section
from ra_bench.values import MetricValue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ra_bench.reports.compare import Compared, Comparison, Gap, Pair


def comparison_page(comparison: Comparison) -> Page:
    """The whole comparison: models, pairs, who separates from whom, how firm the order is."""
    firm = "How firm the order is: share of the draws in which a model takes each place by RMSE"
    return Page(
        title=f"{len(comparison.models)} models on {_films(comparison)}",
        sections=(
            Section(heading="Models", columns=_models(comparison)),
            Section(heading="Pairs: first minus second", columns=_pairs(comparison)),
            Section(heading="Who separates from whom", lines=tuple(_separations(comparison))),
            Section(heading=firm, columns=_places(comparison), notes=(_tau(comparison),)),
            Section(heading="Remarks", lines=tuple(_remarks(comparison))),
        ),
    )


def _films(comparison: Comparison) -> str:
    films = f"{comparison.films:,} film{'' if comparison.films == 1 else 's'}"
    return f"{films} of {comparison.patients:,} patient{'' if comparison.patients == 1 else 's'}"


def _models(comparison: Comparison) -> tuple[Column, ...]:
    models = comparison.models
    seeds = Column(heading="Seeds", cells=tuple(", ".join(map(str, model.seeds)) for model in models))
    return (
        Column(heading="Model", cells=tuple(model.name for model in models), right=False),
        Column(heading="Rank", cells=tuple(_rank(model) for model in models)),
        *([seeds] if any(seeds.cells) else []),
        *(
            Column(
                heading=f"{label} {'↑' if key == 'rho' else '↓'}",
                cells=tuple(as_text(model.metrics[key], digits) for model in models),
            )
            for key, (_, _, label, digits) in MEASURES.items()
        ),
        Column(heading="P(best)", cells=tuple(fixed(model.p_best, 2) for model in models)),
    )


def _rank(model: Compared) -> str:
    if isnan(model.rank.value):
        return ""
    if isnan(model.rank.low):
        return f"{model.rank.value:.0f}"
    return f"{model.rank.value:.0f} ({model.rank.low:.0f}–{model.rank.high:.0f})"


def _pairs(comparison: Comparison) -> tuple[Column, ...]:
    pairs = comparison.pairs
    columns = [
        Column(heading="Pair", cells=tuple(f"{pair.first} against {pair.second}" for pair in pairs), right=False),
        Column(heading="Separated", cells=tuple(_separated(pair) for pair in pairs), right=False),
    ]
    for key, (_, _, label, digits) in MEASURES.items():
        gaps = [pair.gaps[key] for pair in pairs]
        columns += [
            Column(heading=f"{label} difference", cells=tuple(_gap(gap, digits) for gap in gaps)),
            Column(heading=f"p {label}", cells=tuple(fixed(gap.p_holm, 4) for gap in gaps)),
        ]
    return tuple(columns)


def _gap(gap: Gap, digits: int) -> str:
    return as_text(MetricValue(value=gap.value, low=gap.low, high=gap.high), digits)


def _separated(pair: Pair) -> str:
    if isnan(pair.gaps["rmse"].p_holm):
        return "n/a"
    if pair.separated:
        return "yes"
    return "before Holm only" if pair.gaps["rmse"].p < ALPHA else "no"


def _separations(comparison: Comparison) -> Iterator[str]:
    for model in comparison.models:
        better = [pair.second for pair in comparison.pairs if pair.first == model.name and pair.separated]
        worse = [pair.first for pair in comparison.pairs if pair.second == model.name and pair.separated]
        told = {*better, *worse, model.name}
        alike = [other.name for other in comparison.models if other.name not in told]
        said = [
            f"{word} {', '.join(names)}"
            for word, names in (("better than", better), ("worse than", worse), ("not separated from", alike))
            if names
        ]
        yield f"{model.name}: {'; '.join(said)}."


def _places(comparison: Comparison) -> tuple[Column, ...]:
    models = comparison.models
    return (
        Column(heading="Model", cells=tuple(model.name for model in models), right=False),
        *(
            Column(heading=f"place {place + 1}", cells=tuple(fixed(model.places[place], 2) for model in models))
            for place in range(len(models))
        ),
    )


def _tau(comparison: Comparison) -> str:
    return (
        f"{comparison.resamples:,} draws. The order of a draw agrees with the one above by Kendall's tau "
        f"{fixed(comparison.mean_kendall_tau, 2)} on average; 1 would be always the same."
    )


def _remarks(comparison: Comparison) -> Iterator[str]:
    pairs = len(comparison.pairs)
    yield (
        f"Intervals: 95 %, from {comparison.resamples:,} draws of patients that all models share (RMSE and MAE of a "
        "model: BCa; rho and all differences: percentile). A negative difference of RMSE or MAE, and a positive one of "
        "rho, is in favour of the first."
    )
    family = "the one pair" if pairs == 1 else f"all {pairs} pairs of the same measure"
    yield (
        f"p: from the same draws, two-sided, after Holm over {family}. 'Separated' goes by RMSE: p below {ALPHA}. "
        "'before Holm only': this pair alone would separate, but among so many some do by chance. Not separated is not "
        "shown to be equal."
    )
    if 2 * pairs / (comparison.resamples + 1) >= ALPHA:
        yield f"With {pairs} pairs no p from {comparison.resamples:,} draws can pass Holm. Name fewer models."
    least = [pair.detectable for pair in comparison.pairs if not isnan(pair.detectable)]
    if least:
        span = f"{min(least):.2f}" if len(least) == 1 else f"{min(least):.2f} to {max(least):.2f}, by pair"
        yield f"Smallest true difference in RMSE that these films show at 80 % power, before Holm: {span}."
    yield from comparison.remarks

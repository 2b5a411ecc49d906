"""A report in sections, before it is drawn: headings, sentences, tables. Text is as it is; who draws it escapes it."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING

from ra_bench.boards.render.numbers import as_text, fixed
from ra_bench.cohorts.audit.finding import counted
from ra_bench.reports.guidelines import GUIDELINES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ra_bench.reports.values import Item, LimitsOfAgreement, MeanDifference, Pair, Source
    from ra_bench.values import MetricValue

_METHODS = {
    "bca": "BCa bootstrap",
    "percentile": "percentile bootstrap",
    "t": "Student's t",
    "F": "F",
    "Bland-Altman": "Bland and Altman 1986",
}
#: How a quantity is shown: its label and its digits.
LABELS: Mapping[str, tuple[str, int]] = {
    "rho": ("rho (Pearson)", 3),
    "spearman": ("Spearman", 3),
    "mae": ("MAE", 2),
    "rmse": ("RMSE", 2),
    "median_ae": ("median error", 2),
    "max_ae": ("largest error", 2),
    "ccc": ("CCC", 3),
    "icc_a_1": ("ICC(A,1)", 3),
    "r_squared": ("R²", 3),
    "within_5": ("share within 5", 3),
    "within_10": ("share within 10", 3),
    "within_15": ("share within 15", 3),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table; `right` for numbers."""

    heading: str
    cells: tuple[str, ...]
    right: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Sentences, then a table, then notes on it. Each may be empty."""

    heading: str
    lines: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    notes: tuple[str, ...] = ()


def source_section(source: Source, missing: Sequence[str] = ()) -> Section:
    """What was read, and what was guessed."""
    people = counted(source.patients, "patient") if source.patients_known else "patients not known"
    read = f"{source.file}: {counted(source.films, 'film')}, {people}."
    return Section(heading="What was read", lines=(read, *missing, *source.guesses))


def quantities(names: Mapping[str, str], pairs: Sequence[Pair]) -> tuple[Column, ...]:
    """A row a quantity, a column a pair; with one pair also how the intervals were made."""
    shown = [key for key in names if any(key in pair.values for pair in pairs)]
    columns = [Column(heading="", cells=tuple(names[key] for key in shown), right=False)]
    for pair in pairs:
        cells = tuple(as_text(pair.values[key], LABELS[key][1]) for key in shown)
        columns.append(Column(heading=f"{pair.name} against {pair.against}", cells=cells))
    if len(pairs) == 1:
        methods = tuple(method_of(pairs[0].values[key]) for key in shown)
        columns.append(Column(heading="95 % interval", cells=methods, right=False))
    return tuple(columns)


def method_of(value: MetricValue) -> str:
    """How an interval was made; n/a where there is none."""
    return _METHODS.get(value.method, "n/a")


def difference_lines(found: MeanDifference) -> tuple[str, ...]:
    """The mean difference and its t-test, with p under the only heading that it may have."""
    if not found.bias.method:
        return (
            (
                f"Bias: {fixed(found.bias.value, 2)}. Nothing can be tested: the differences do not vary, or there is "
                "one patient."
            ),
        )
    return (
        f"Bias: {as_text(found.bias, 2)}, 95 % interval by {method_of(found.bias)}.",
        (
            f"Paired t = {fixed(found.t, 2)} with {found.df} degrees of freedom, "
            f"{p_value('p (mean difference)', found.p)}. Bias within ±{fixed(found.equivalence_margin, 2)}: the "
            "smallest margin at which equivalence would pass."
        ),
    )


def p_value(name: str, p: float) -> str:
    """A p under its name.

    Examples
    --------
    >>> p_value("p", 0.25), p_value("p", 1e-9), p_value("p", float("nan"))
    ('p = 0.250', 'p < 0.001', 'p = n/a')
    """
    text = fixed(p, 3)
    return f"{name} < {text[1:]}" if text.startswith("<") else f"{name} = {text}"


def limits_lines(limits: LimitsOfAgreement) -> tuple[str, ...]:
    """Limits of agreement with their intervals, and whether differences change with the score."""
    if isnan(limits.low.value):
        return ("Limits of agreement: n/a. They take two films or more.",)
    method = method_of(limits.low)
    lines = [
        (
            f"95 % of the differences lie between {as_text(limits.low, 2)} and {as_text(limits.high, 2)} (limits of "
            f"agreement; their 95 % intervals: {method}). SD of the differences: {fixed(limits.sd, 2)}."
        )
    ]
    if not isnan(limits.proportional_slope):
        lines.append(
            f"Proportional bias: the difference changes by {fixed(limits.proportional_slope, 3)} a point of the mean "
            f"of both ({p_value('p', limits.proportional_p)}). Where it does, the limits are too wide for mild films "
            "and too narrow for severe ones."
        )
    return tuple(lines)


def checklist_section(items: Sequence[Item]) -> Section:
    """What the data say to each guideline, and which items only the authors can fill."""
    lines = []
    for guideline in GUIDELINES:
        own = [item for item in items if item.guideline == guideline]
        lines += [f"{guideline}, item {item.number} ({item.topic}): {item.says}" for item in own if item.says]
        if left := [f"{item.number} {item.topic}" for item in own if not item.says]:
            lines.append(f"{guideline}, to be filled by you: {'; '.join(left)}.")
    return Section(heading="Reporting guidelines: what the data can fill", lines=tuple(lines))


def remarks_section(remarks: Sequence[str]) -> Section:
    """What must be known."""
    return Section(heading="Remarks", lines=tuple(remarks))

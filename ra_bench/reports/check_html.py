"""The report on a cohort as one HTML file that fetches nothing, light or dark as the reader's system is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ra_bench.boards.render.json import as_json_text
from ra_bench.cohorts.audit.sides import SIDES
from ra_bench.files import make_folder, write_text
from ra_bench.reports.check import ALL
from ra_bench.reports.check_page import check_page, verdict

if TYPE_CHECKING:
    from ra_bench.cohorts.audit.coverage import Histogram
    from ra_bench.reports.check import CohortReport
    from ra_bench.reports.sections import Section

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _BASE, _TOP = 640, 230, 40, 620, 190, 10
#: Bars of films that stand on no side.
_REST = "rest"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bar:
    side: str
    left: float
    top: float
    width: float
    height: float
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tick:
    left: float
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bars:
    """The histogram in the units of its picture: sides on top of one another."""

    bars: tuple[_Bar, ...]
    ticks: tuple[_Tick, ...]
    legend: tuple[str, ...]
    most: int
    width: int = _WIDTH
    height: int = _HEIGHT
    left: int = _LEFT
    right: int = _RIGHT
    base: int = _BASE


def check_html(report: CohortReport) -> str:
    """The whole report as a page."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("check.html").render(
        report=report,
        page=check_page(report),
        verdict=verdict(report),
        bars=None if report.scores is None else _bars(report.scores),
        rows=_rows,
    )


def write_check(report: CohortReport, folder: Path) -> tuple[Path, ...]:
    """Write `<name>-check.html` and `<name>-check.json`, each whole; give their paths.

    Raises
    ------
    StorageError
        The folder cannot be written to.
    """
    make_folder(folder)
    texts = {".html": check_html(report), ".json": as_json_text(report)}
    for suffix, text in texts.items():
        write_text(folder / f"{report.name}-check{suffix}", text)
    return tuple(folder / f"{report.name}-check{suffix}" for suffix in texts)


def _rows(section: Section) -> list[tuple[str, ...]]:
    return list(zip(*(column.cells for column in section.columns), strict=True))


def _bars(scores: Histogram) -> _Bars:
    sides = {side: scores.counts[side] for side in SIDES if side in scores.counts}
    rest = [total - sum(own) for total, *own in zip(scores.counts[ALL], *sides.values(), strict=True)]
    if any(rest):
        sides[_REST] = tuple(rest)
    most = max(scores.counts[ALL])
    step = (_RIGHT - _LEFT) / len(rest)
    bars, tops = [], [float(_BASE)] * len(rest)
    for side, counts in sides.items():
        for place, count in enumerate(counts):
            height = (_BASE - _TOP) * count / most
            tops[place] -= height
            ends = f"{scores.edges[place]:g} to {scores.edges[place + 1]:g}"
            if count:
                bars.append(
                    _Bar(
                        side=side,
                        left=round(_LEFT + place * step + 1, 1),
                        top=round(tops[place], 1),
                        width=round(step - 2, 1),
                        height=round(height, 1),
                        said=f"{ends}, {'no side' if side == _REST else side}: {count}",
                    )
                )
    every = range(0, len(scores.edges), 2)
    ticks = tuple(_Tick(left=round(_LEFT + place * step, 1), said=f"{scores.edges[place]:g}") for place in every)
    return _Bars(bars=tuple(bars), ticks=ticks, legend=tuple(sides), most=most)

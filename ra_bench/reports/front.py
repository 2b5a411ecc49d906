"""From a file and what the user asks for to a report: what `suite` hands on."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ra_bench.files import make_folder, write_text
from ra_bench.reports.agree import report_readers
from ra_bench.reports.known_films import films_described, films_of_cohort, matched
from ra_bench.reports.model import report_model
from ra_bench.reports.readings import read_readings
from ra_bench.reports.render import as_json, as_markdown
from ra_bench.reports.scales import check_on_scale, guess_scale
from ra_bench.reports.values import ModelReport
from ra_bench.runs.datasets import find_dataset, load_scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.plugins import Registry
    from ra_bench.reports.columns import Columns
    from ra_bench.reports.known_films import KnownFilms
    from ra_bench.reports.tables import ModelPredictions
    from ra_bench.reports.values import ReadersReport
    from ra_bench.values import Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a user may ask of a report: ends of the scale, bands, further margins, coverage of conformal intervals."""

    scale: Scale | None = None
    bands: tuple[float, ...] | None = None
    margins: tuple[float, ...] = ()
    conformal: float | None = None


def known_films(registry: Registry, dataset: str, data: Path) -> KnownFilms:
    """The films of a dataset: of a cohort.toml from its table alone, of a registered one as it loads.

    Raises
    ------
    UnknownNameError, CohortError
        As for any dataset.
    """
    if dataset.endswith(".toml"):
        return films_described(Path(dataset))
    return films_of_cohort(load_scores(find_dataset(registry, dataset), data))


def scored(model: ModelPredictions, known: KnownFilms | None, wishes: Wishes) -> ModelReport:
    """The report on predictions, measured against the readings of known films or those of their own table.

    Raises
    ------
    CohortError, TableError
        Films that are not known, a reading beyond the scale, or nothing to measure.
    """
    if known is not None:
        model = matched(model, known)
    readings, scale = model.predictions.readings, wishes.scale or (known.scale if known is not None else None)
    given = scale is not None
    if scale is None:
        scale, guess = guess_scale(readings)
        model = replace(model, guesses=(*model.guesses, guess))
    else:
        check_on_scale(readings, model.predictions.ids, scale, model.source)
    return report_model(
        model,
        scale=scale,
        scale_given=given,
        bands=wishes.bands,
        margins=wishes.margins,
        conformal=wishes.conformal,
    )


def agreed(file: Path, columns: Columns, score: str | None, wishes: Wishes) -> ReadersReport:
    """The report on a table of readings.

    Raises
    ------
    TableError
        As `read_readings`, or a reading beyond the scale.
    """
    table = read_readings(file, columns, score=score)
    if wishes.scale is not None:
        check_on_scale(table.readings, table.ids, wishes.scale, table.source)
        return report_readers(table, scale=wishes.scale, bands=wishes.bands)
    scale, guess = guess_scale(table.readings)
    table = replace(table, guesses=(*table.guesses, guess))
    return report_readers(table, scale=scale, scale_given=False, bands=wishes.bands)


def write_report(report: ModelReport | ReadersReport, folder: Path) -> Sequence[Path]:
    """Write a report as markdown and JSON, each whole; give their paths.

    Raises
    ------
    StorageError
        The folder cannot be written to.
    """
    kind = "score" if isinstance(report, ModelReport) else "agree"
    name = re.sub(r"[^\w.+-]+", "-", report.name).strip("-.") or "report"
    texts = {".md": as_markdown(report), ".json": as_json(report)}
    make_folder(folder)
    files = [folder / f"{name}-{kind}{suffix}" for suffix in texts]
    for file, text in zip(files, texts.values(), strict=True):
        write_text(file, text)
    return files

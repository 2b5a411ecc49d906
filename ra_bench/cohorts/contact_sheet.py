"""A page of a cohort's films, from the lowest score to the highest, with what was said of them."""

from __future__ import annotations

import textwrap
from functools import partial
from typing import TYPE_CHECKING

from ra_bench.cohorts.fitting import fit_film
from ra_bench.cohorts.greys import eight_bits
from ra_bench.cohorts.parallel import for_each_film
from ra_bench.cohorts.splits import reference
from ra_bench.errors import CohortError
from ra_bench.files import replacing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from ra_bench.values import Cohort, Film, Sample

_MARGIN, _TITLE, _LINE = 12, 20, 16
_PAPER, _INK = 24, 230


def contact_sheet(
    cohort: Cohort,
    count: int = 12,
    columns: int = 4,
    *,
    cell: int = 320,
    on_progress: Callable[[int, int], None] | None = None,
) -> Image:
    """A grey picture of `count` films in so many columns.

    Parameters
    ----------
    cohort : Cohort
    count : int
        Films, spread evenly over the films ordered by score; fewer if the cohort has fewer.
    columns : int
    cell : int
        Width of a film on the sheet, in pixels.

    Raises
    ------
    CohortError
        A count, a number of columns or a width that makes no sheet.
    FilmError
        Films that cannot be decoded.
    """
    from PIL import Image

    if count < 1 or columns < 1 or cell < 32:
        raise CohortError(
            f"A sheet of {count} films in {columns} columns, {cell} pixels each, cannot be drawn: "
            "at least 1 film, 1 column and 32 pixels are needed."
        )
    samples = spread(cohort, count)
    columns = min(columns, len(samples))
    films = list(
        for_each_film(
            partial(shrunk, cell),
            [sample.film for sample in samples],
            names=[sample.sample_id for sample in samples],
            on_progress=on_progress,
        )
    )
    tall = max(film.shape[0] for film in films)
    captions = [_caption(sample, cell) for sample in samples]
    row_height = tall + _LINE * max(map(len, captions)) + _MARGIN
    title = _title(cohort, len(samples), columns * (cell + _MARGIN))
    top = _MARGIN + _TITLE * len(title)
    rows = -(-len(samples) // columns)
    sheet = Image.new("L", (_MARGIN + columns * (cell + _MARGIN), top + _MARGIN + rows * row_height), _PAPER)
    _write_lines(sheet, title, _MARGIN, _MARGIN, _TITLE)
    for place, (film, caption) in enumerate(zip(films, captions, strict=True)):
        left = _MARGIN + place % columns * (cell + _MARGIN)
        upper = top + _MARGIN + place // columns * row_height
        sheet.paste(Image.fromarray(film), (left + (cell - film.shape[1]) // 2, upper + (tall - film.shape[0]) // 2))
        _write_lines(sheet, caption, left, upper + tall + 2, _LINE)
    return sheet


def write_contact_sheet(
    cohort: Cohort,
    file: Path,
    count: int = 12,
    columns: int = 4,
    *,
    cell: int = 320,
    on_progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write `contact_sheet` as a PNG, whole or not at all."""
    sheet = contact_sheet(cohort, count, columns, cell=cell, on_progress=on_progress)
    with replacing(file) as temporary:
        sheet.save(temporary, format="PNG")


def spread(cohort: Cohort, count: int) -> list[Sample]:
    """Films from the lowest score to the highest, both ends among them, evenly by rank."""
    ordered = sorted(cohort.samples, key=lambda sample: (reference(sample), sample.sample_id))
    if count >= len(ordered):
        return ordered
    if count == 1:
        return [ordered[len(ordered) // 2]]
    return [ordered[round(place * (len(ordered) - 1) / (count - 1))] for place in range(count)]


def shrunk(cell: int, film: Film) -> NDArray[np.uint8]:
    """A film `cell` pixels wide, or as tall if it stands upright, of 8 bits."""
    decoded = film()
    height, width = decoded.shape
    scale = cell / max(height, width)
    return eight_bits(fit_film(decoded, max(1, round(height * scale)), max(1, round(width * scale))))


def _title(cohort: Cohort, count: int, width: int) -> list[str]:
    """What the sheet shows; simulated films are called so."""
    scale = cohort.scale
    patients = len({sample.patient_id for sample in cohort.samples})
    whose = f" of {patients} patients" if patients < len(cohort.samples) else ""
    kind = "SIMULATED films, simulated readers. " if cohort.simulated else ""
    text = (
        f"{cohort.name}, version {cohort.version}. {kind}{count} of {len(cohort.samples)} films{whose}, "
        f"ordered by score: {scale.name}, {scale.minimum:g} to {scale.maximum:g} {scale.unit}."
    )
    return textwrap.wrap(text, max(20, width // 8))


def _caption(sample: Sample, cell: int) -> list[str]:
    """Id, readings and score."""
    lines = [f"{sample.sample_id}: {reference(sample):g}"]
    if len(sample.readings) > 1:
        lines.append(", ".join(f"{reader}: {value:g}" for reader, value in sample.readings.items()))
    return [part for line in lines for part in textwrap.wrap(line, max(10, cell // 7))]


def _write_lines(sheet: Image, lines: list[str], left: int, top: int, height: int) -> None:
    from PIL import ImageDraw, ImageFont

    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=height - 4)
    for number, line in enumerate(lines):
        draw.text((left, top + number * height), line, fill=_INK, font=font)

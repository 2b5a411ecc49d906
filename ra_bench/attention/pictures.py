"""Overlays: a film beside itself with its attention laid on and its sites outlined; one each, and a sheet of them."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.attention.values import DAMAGED
from ra_bench.cohorts.fitting import fit_film
from ra_bench.cohorts.greys import eight_bits
from ra_bench.cohorts.splits import reference
from ra_bench.files import make_folder, replacing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL.Image import Image

    from ra_bench.attention.look import FilmLook
    from ra_bench.attention.values import Attention

    Grey = NDArray[np.uint8]

#: Safe for the colour-blind: from blue to yellow, brighter with each step (Nuñez et al. 2018, PLoS ONE 13:e0199239).
COLOURS = "cividis"
#: How much of a film its greatest attention covers.
OPACITY = 0.65
SHEET, FOLDER = "attention.png", "films"

_WIDTH, _MARGIN, _LINE = 480, 12, 18
_PAPER, _INK = (24, 24, 24), (230, 230, 230)
_DAMAGED, _SITE = (255, 255, 255), (120, 120, 120)


def write_pictures(found: Attention, looks: Sequence[FilmLook], folder: Path) -> tuple[Path, ...]:
    """Write a PNG a film into `films` below the folder, and a sheet of all, each whole or not at all; give their paths.

    Raises
    ------
    StorageError
        The folder cannot be written to.
    """
    make_folder(folder / FOLDER)
    cells = [_cell(found, one) for one in looks]
    pictures = {
        folder / FOLDER / f"{number:02d}-{re.sub(r'[^A-Za-z0-9._-]+', '-', one.sample.sample_id)}.png": cell
        for number, (one, cell) in enumerate(zip(looks, cells, strict=True), start=1)
    }
    pictures[folder / SHEET] = _sheet(_legend(found, looks), cells)
    for file, picture in pictures.items():
        with replacing(file) as temporary:
            picture.save(temporary, format="PNG")
    return tuple(pictures)


def heated(film: Grey, attention: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Attention laid on a film, RGB of shape (height, width, 3); both of shape (height, width).

    It is shown in shares of its greatest value. Where there is none, the film is as it was.
    """
    import matplotlib as mpl

    most = float(attention.max())
    share = attention / most if most > 0 else np.zeros_like(attention)
    colour = mpl.colormaps[COLOURS](share)[..., :3] * 255
    opacity = OPACITY * share[..., None]
    return np.asarray(np.rint(film[..., None] * (1 - opacity) + colour * opacity), dtype=np.uint8)


def _cell(found: Attention, one: FilmLook) -> Image:
    """Film and overlay side by side, with what is known of them below."""
    from PIL import Image

    height, width = round(found.input_size[0] * _WIDTH / found.input_size[1]), _WIDTH
    decoded = one.sample.film()
    film = eight_bits(fit_film(decoded, height, width))
    enlarged = Image.fromarray(one.attention.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR)
    panels = [Image.fromarray(film).convert("RGB"), Image.fromarray(heated(film, np.asarray(enlarged, np.float64)))]
    caption = textwrap.wrap(_caption(found, one), 2 * width // 8)
    cell = Image.new("RGB", (2 * width + 2, height + _LINE * len(caption) + _MARGIN), _PAPER)
    for number, panel in enumerate(panels):
        _outline(panel, one, decoded.shape)
        cell.paste(panel, (number * (width + 2), 0))
    _write(cell, caption, 0, height + 4)
    return cell


def _outline(panel: Image, one: FilmLook, film: tuple[int, ...]) -> None:
    """Circles around the sites, those with damage brighter and last."""
    from PIL import ImageDraw

    if one.drawn is None:
        return
    width, height = panel.size
    scale = min(height / film[0], width / film[1])
    left, top = (width - round(film[1] * scale)) // 2, (height - round(film[0] * scale)) // 2
    pen = ImageDraw.Draw(panel)
    for site in sorted(one.drawn.sites, key=lambda site: site.damage):
        x, y, radius = left + site.x * scale, top + site.y * scale, site.radius * scale
        colour = _DAMAGED if site.damage >= DAMAGED else _SITE
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), outline=colour, width=1)


def _caption(found: Attention, one: FilmLook) -> str:
    kind = "SIMULATED. " if found.simulated else ""
    said = f"{kind}{one.sample.sample_id}: reference {reference(one.sample):g}, {found.model} {one.predicted:.1f}."
    shares = one.shares
    if shares is None:
        return said
    if not shares.damaged:
        return f"{said} No damaged site."
    return (
        f"{said} {shares.damaged} damaged sites: {shares.on_damage:.1%} of the attention; "
        f"even over the film {shares.film_damage:.1%}, over the hands {shares.hands_damage:.1%}."
    )


def _legend(found: Attention, looks: Sequence[FilmLook]) -> str:
    kind = "SIMULATED films. " if found.simulated else ""
    sites = (
        f" White circles: sites with drawn damage of {DAMAGED:g} or more; grey ones: other scored sites."
        if any(one.drawn is not None for one in looks)
        else ""
    )
    how, yellow = (
        ("its own attention", "looks most on this film; no colour: does not look")
        if found.layer is None
        else (f"Grad-CAM of '{found.layer}'", "speaks most for a higher score on this film; no colour: does not")
    )
    return (
        f"{kind}Where {found.model} looks (seed {found.seed}, {found.dataset}, protocol {found.protocol}): {how}, a "
        f"map of {found.map_size[0]} x {found.map_size[1]} cells, enlarged. Yellow: {yellow}.{sites}"
    )


def _sheet(legend: str, cells: Sequence[Image]) -> Image:
    from PIL import Image

    columns = min(2, len(cells))
    wide, tall = cells[0].width, max(cell.height for cell in cells)
    width = _MARGIN + columns * (wide + _MARGIN)
    title = textwrap.wrap(legend, width // 8)
    top = 2 * _MARGIN + _LINE * len(title)
    sheet = Image.new("RGB", (width, top + -(-len(cells) // columns) * (tall + _MARGIN)), _PAPER)
    _write(sheet, title, _MARGIN, _MARGIN)
    for number, cell in enumerate(cells):
        place = _MARGIN + number % columns * (wide + _MARGIN), top + number // columns * (tall + _MARGIN)
        sheet.paste(cell, place)
    return sheet


def _write(picture: Image, lines: Sequence[str], left: int, top: int) -> None:
    from PIL import ImageDraw, ImageFont

    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(size=_LINE - 4)
    for number, line in enumerate(lines):
        pen.text((left, top + number * _LINE), line, fill=_INK, font=font)

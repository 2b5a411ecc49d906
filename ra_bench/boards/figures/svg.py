"""A chart as SVG: the same bytes for the same chart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ra_bench.boards.figures.style import Chart

_CLIP = re.compile(r'<clipPath id="(clip\d+)"')


def svg_of(chart: Chart) -> str:
    """The chart as SVG, with nothing fetched: all data are in it."""
    import vl_convert

    # Our charts are checked against the schema in the tests; checking them again takes longer than drawing them.
    whole = chart.to_dict(validate=False)
    text: str = vl_convert.vegalite_to_svg(whole, vl_version=vega_lite_version(), allowed_base_urls=[])
    return numbered_anew(text) + "\n"


def vega_lite_version() -> str:
    """The version of Vega-Lite that altair writes, as vl-convert calls it.

    Examples
    --------
    >>> vega_lite_version().count(".")
    1
    """
    from altair import SCHEMA_VERSION

    return ".".join(SCHEMA_VERSION.removeprefix("v").split(".")[:2])


def numbered_anew(svg: str) -> str:
    """Clip paths numbered from 1: Vega counts them on from figure to figure.

    Examples
    --------
    >>> numbered_anew('<g clip-path="url(#clip7)"/><clipPath id="clip7"/>')
    '<g clip-path="url(#clip1)"/><clipPath id="clip1"/>'
    """
    for number, name in enumerate(dict.fromkeys(_CLIP.findall(svg)), start=1):
        # In two steps, or a new number could meet one that is yet to be replaced.
        svg = svg.replace(f'id="{name}"', f'id="clip-{number}"').replace(f"url(#{name})", f"url(#clip-{number})")
    return re.sub(r'(<clipPath id="|clip-path="url\(#)clip-(\d+)', r"\1clip\2", svg)

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
    from altair import SCHEMA_VERSION

    version = ".".join(SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    # Our charts are checked against the schema in the tests; checking them again takes longer than drawing them.
    text: str = vl_convert.vegalite_to_svg(chart.to_dict(validate=False), vl_version=version, allowed_base_urls=[])
    return numbered_anew(text) + "\n"


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

"""A chart for a page: its specification, in which scatter plots can be zoomed, and the library that draws it there."""

from __future__ import annotations

import json
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

from ra_bench.boards.figures.svg import vega_lite_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ra_bench.boards.figures.style import Chart

#: What the page calls. Expressions are interpreted (`ast`) and no styles are added, so that a page may forbid `eval`
#: and all styles but its own.
_DRAW = """
window.drawChart = (place, specification) => vegaEmbed(place, specification, {
  mode: "vega-lite", renderer: "svg", actions: false, ast: true, defaultStyle: false,
  tooltip: { disableDefaultStyle: true },
});
"""
_ZOOM = {
    "select": {"type": "interval", "encodings": ["x", "y"], "zoom": "wheel![event.shiftKey]"},
    "bind": "scales",
}
_TOGETHER = ("concat", "hconcat", "vconcat")


def specification(chart: Chart) -> str:
    """The chart as Vega-Lite, with all data in it.

    Returns
    -------
    str
        JSON, without line ends. The same chart gives the same text.
    """
    # Our charts are checked against the schema in the tests; checking them again takes longer than drawing them.
    whole = chart.to_dict(validate=False)
    for number, view in zip(count(1), _scatter_plots(whole), strict=False):
        view["params"] = [{"name": f"zoom_{number}", **_ZOOM}]
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


@cache
def library() -> str:
    """The script that defines `drawChart(place, specification)`: Vega with all that it needs, from this machine.

    Returns
    -------
    str
        Some 900,000 characters, the same for the same vl-convert. It holds no `</script` and no `<!--`.
    """
    import vl_convert

    text: str = vl_convert.javascript_bundle(_DRAW, vl_version=vega_lite_version())
    return text


def _scatter_plots(view: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """One view of each panel: of the layers, the first of points to be read, on two numeric axes."""
    for name in _TOGETHER:
        for part in view.get(name, ()):
            yield from _scatter_plots(part)
    for part in view.get("layer", (view,)):
        encoding = part.get("encoding", {})
        numeric = all(encoding.get(axis, {}).get("type") == "quantitative" for axis in "xy")
        if part.get("mark", {}).get("type") == "point" and numeric and "tooltip" in encoding:
            yield part
            return

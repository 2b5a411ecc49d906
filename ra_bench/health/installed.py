"""Python, what ra-bench needs, its extras, and the plugins."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution, version
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from ra_bench.diagnosis import CORE
from ra_bench.health.values import Part, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ra_bench.plugins import Plugin

#: Extras for those who work on ra-bench itself.
_OWN = frozenset({"dev"})


def look_at_python() -> Part:
    """Its version, and whether ra-bench and all that it needs are installed in a version that fits."""
    facts = {"python": platform.python_version(), "executable": sys.executable}
    try:
        core = distribution(CORE)
    except PackageNotFoundError:
        problem = Problem(
            said="ra-bench runs from its source and is not installed; what it needs cannot be told.",
            fix="pip install -e .",
        )
        return Part(name="python", facts=facts, problems=(problem,))
    facts[CORE] = core.version
    problems = [
        Problem(
            said=f"{wanted.name} {found}: ra-bench needs {wanted.specifier or 'it'}.",
            fix=f'pip install "{wanted.name}{wanted.specifier}"',
        )
        for wanted in _requirements(core, extra="")
        if (found := _misfit(wanted))
    ]
    pythons = str(core.metadata["Requires-Python"] or "")
    if not SpecifierSet(pythons).contains(platform.python_version(), prereleases=True):
        problems.append(
            Problem(
                said=f"Python {platform.python_version()}: ra-bench needs {pythons}.",
                fix="Make a virtual environment with another Python, and install ra-bench there.",
            )
        )
    return Part(name="python", facts=facts, problems=tuple(problems))


def look_at_extras() -> Part:
    """Which optional extras are there. None of them must be."""
    try:
        core = distribution(CORE)
    except PackageNotFoundError:
        return Part(name="extras", facts={})
    facts = {}
    for extra in sorted(set(core.metadata.get_all("Provides-Extra") or ()) - _OWN):
        missing = [wanted.name for wanted in _requirements(core, extra=extra) if _misfit(wanted)]
        facts[extra] = f"missing ({', '.join(missing)}): pip install 'ra-bench[{extra}]'" if missing else "present"
    return Part(name="extras", facts=facts)


def look_at_plugins(plugins: Sequence[Plugin]) -> Part:
    """Their states; one that did not load, and was not left out, is a problem."""
    facts = {f"{plugin.name} ({plugin.distribution} {plugin.version})": plugin.state for plugin in plugins}
    problems = [
        Problem(
            said=f"Plugin '{plugin.name}' ({plugin.distribution} {plugin.version}) is {plugin.state}.",
            fix=f"{plugin.reason}{f' See {plugin.where}' if plugin.where else ''}",
        )
        for plugin in plugins
        if plugin.state not in {"loaded", "blocked"}
    ]
    return Part(name="plugins", facts=facts, problems=tuple(problems))


def _requirements(core: Distribution, *, extra: str) -> Iterable[Requirement]:
    """Those of an extra alone, or those that always hold."""
    for line in core.requires or ():
        wanted = Requirement(line)
        if wanted.marker is None:
            if not extra:
                yield wanted
        elif wanted.marker.evaluate({"extra": extra}) and (not extra or not wanted.marker.evaluate({"extra": ""})):
            yield wanted


def _misfit(wanted: Requirement) -> str:
    """What is there in place of what is wanted; "" if that fits."""
    try:
        found = version(wanted.name)
    except PackageNotFoundError:
        return "is not installed"
    return "" if wanted.specifier.contains(found, prereleases=True) else found

"""What is said of a plugin that does not load: where it went wrong, and how to mend it."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CORE = "ra-bench"


def core_version() -> str:
    """The version of ra-bench that is here."""
    from ra_bench import __version__

    return __version__


def place_of(function: Any) -> str:
    """ "file:line" of a Python function, decorators and all, or of the one behind a partial; "" of anything else.

    Examples
    --------
    >>> place_of(place_of).rpartition("/")[2].split(":")[0], place_of(len)
    ('diagnosis.py', '')
    """
    while isinstance(function, partial):
        function = function.func
    function = inspect.unwrap(function) if callable(function) else function
    code = getattr(function, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else ""


def place_of_error(error: BaseException, package: str) -> str:
    """Where a package's own code was when an error was raised, however deep in a library; "" if it was not in it."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    place, trace = "", error.__traceback__
    while trace is not None:
        if str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0] == package:
            place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def said(error: BaseException) -> str:
    """An error's kind and words, without the full stop."""
    return f"{type(error).__name__}: {error}".rstrip(". ")


def advice_on_import(error: BaseException, distribution: str, core: str) -> str:
    """How to mend a distribution whose module cannot be imported."""
    if isinstance(error, ModuleNotFoundError):
        return f"Install what is missing, or it with all that it needs: pip install --force-reinstall {distribution}"
    if isinstance(error, ImportError) and (error.name or "").partition(".")[0] == "ra_bench":
        return f"Here is ra-bench {core}. Bring the two together: pip install --upgrade {distribution} {CORE}"
    return f"Mend it if it is yours, else reinstall it: pip install --force-reinstall {distribution}"


def advice_on_hook(error: BaseException, core: str) -> str:
    """How to mend a hook that raised. A spec with a field that this core has not is of another core."""
    if isinstance(error, TypeError) and "unexpected keyword argument" in str(error):
        return f"Here is ra-bench {core}: take fields that it has (docs/reference/hooks.md), or upgrade it."
    return "Mend it, or leave it out."


def core_range(requires: Iterable[str]) -> str:
    """The versions of ra-bench that a distribution asks for, such as "<0.3,>=0.1"; "" where it asks for none.

    What it asks for in an extra or on another system does not count.

    Raises
    ------
    ValueError
        One of its requirements cannot be read.

    Examples
    --------
    >>> core_range(["numpy>=1", "Ra_Bench>=0.1,<0.3", "ra-bench>=9; extra == 'next'"])
    '<0.3,>=0.1'
    """
    return ",".join(_ranges(requires))


def _ranges(requires: Iterable[str]) -> Iterator[str]:
    for line in requires:
        if not canonicalize_name(line).startswith(CORE):  # to read a requirement takes time, and most are of others
            continue
        try:
            wanted = Requirement(line)
        except InvalidRequirement as error:
            raise ValueError(f"the requirement '{line}' cannot be read: {str(error).splitlines()[0]}") from error
        here = wanted.marker is None or wanted.marker.evaluate({"extra": ""})
        if canonicalize_name(wanted.name) == CORE and here and wanted.specifier:
            yield str(wanted.specifier)


def misfit(distribution: str, wanted: str, core: str) -> str:
    """One sentence when a distribution asks for another version of the core, else nothing."""
    from packaging.specifiers import SpecifierSet

    if SpecifierSet(wanted).contains(core, prereleases=True):
        return ""
    return (
        f"It needs ra-bench {wanted}; installed is {core}. "
        f"Upgrade one of them: pip install --upgrade {distribution} {CORE}"
    )

"""Names of new plugins: what follows from one, and whether it may be had."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ra_bench.diagnosis import CORE
from ra_bench.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ra_bench.plugins import Registry

_FORM = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

#: Lines of the templates are written for names of this length at most.
_LONGEST = 30

#: What commands take for something else.
_RESERVED = frozenset({"all"})

#: Plugins of the suite's repository with what they bring: taken even where they are not installed.
FIRST_PARTY = {
    "baselines": ("closed-form", "film-statistics", "mean", "median", "texture", "thumbnail"),
    "mil": ("attention-mil",),
    "mobilenetv2": ("mobilenetv2", "mobilenetv2-transfer"),
    "resnet-dwise50": ("resnet-dwise50", "resnet-dwise50-table1", "resnet-dwise50-transfer", "resnet50-dsc"),
    "resnet50": ("resnet50", "resnet50-transfer"),
    "timm": ("timm",),
    "weight-averaging": ("weight-averaging",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a plugin is called: on a board and in commands, for pip, and for Python.

    Examples
    --------
    >>> names_of("my-net")
    Names(name='my-net', distribution='ra-bench-my-net', package='ra_bench_my_net')
    """

    name: str
    distribution: str
    package: str


def names_of(name: str) -> Names:
    """What follows from a name.

    Raises
    ------
    PluginError
        It cannot name a distribution and a package, or means something else in commands.
    """
    short = name.removeprefix(f"{CORE}-")
    if not _FORM.fullmatch(short) or len(short) > _LONGEST:
        raise PluginError(
            f"'{name}' cannot name a plugin. Use lower-case letters and digits, a letter first, and single dashes "
            f"between, {_LONGEST} characters at most, such as 'my-net'."
        )
    if short in _RESERVED:
        raise PluginError(f"'{short}' means something else in commands (--models {short}). Choose another name.")
    distribution = f"{CORE}-{short}"
    return Names(name=short, distribution=distribution, package=distribution.replace("-", "_"))


def refuse_taken(names: Names, kind: str, registry: Registry) -> None:
    """Refuse a name that a plugin, or something of the same kind, has already.

    Raises
    ------
    PluginError
        It says who has it.
    """
    owner = next(_owners(names, kind, registry), None)
    if owner is not None:
        raise PluginError(f"The name '{names.name}' is taken by {owner}. Choose another: a board shows names alone.")


def _owners(names: Names, kind: str, registry: Registry) -> Iterator[str]:
    """Who has the name, installed or of the suite's own; a plugin that did not load has it too."""
    for plugin in registry.plugins:
        if names.name == plugin.name or names.distribution == plugin.distribution:
            yield f"the plugin '{plugin.name}' of {plugin.distribution} {plugin.version}"
    if names.name in registry.names(kind):
        yield f"a {kind} of {registry.origin(kind, names.name).distribution}"
    for plugin_name, brought in FIRST_PARTY.items():
        if names.name in (plugin_name, *brought):
            yield f"the suite's own plugin '{plugin_name}', which is not installed here"
    if find_spec(names.package) is not None:
        yield f"the package {names.package}, which is installed here"

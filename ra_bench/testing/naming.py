"""What a name may hold: it stands in commands (`--models one,two`, `--weights NAME=FILE`) and names folders."""

from __future__ import annotations

import re

from ra_bench.errors import PluginError

_FORM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def check_name(kind: str, name: str) -> None:
    """Refuse a name that cannot stand in a command.

    Raises
    ------
    PluginError
        It holds a blank, a comma, a slash or the like.
    """
    if not _FORM.fullmatch(name):
        raise PluginError(
            f"The {kind} name {name!r} cannot stand in a command or name a folder. Use letters, digits, '-', '_' and "
            "'.'."
        )

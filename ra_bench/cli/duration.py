"""A time on the command line: 2h, 90m, 45s, 1h30m, or plain seconds."""

from __future__ import annotations

import re

import click

_PARTS = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)
#: Of a day, an hour, a minute, a second, as `_PARTS` finds them.
_SECONDS = (86_400, 3_600, 60, 1)
#: A century: whoever gives more has mistyped.
_MOST = 100 * 366 * 86_400


def seconds_of(text: str | None, option: str) -> float | None:
    """Seconds, above 0; None where the option was not given.

    Raises
    ------
    click.BadParameter
        It cannot be read; the message says what can be.

    Examples
    --------
    >>> seconds_of("1h30m", "--timeout"), seconds_of("3600", "--timeout"), seconds_of(None, "--timeout")
    (5400.0, 3600.0, None)
    """
    if text is None:
        return None
    found = _PARTS.fullmatch(f"{text}s" if text.isdecimal() else text)
    numbers = found.groups(default="0") if found else ()
    seconds = sum(int(number) * unit for number, unit in zip(numbers, _SECONDS, strict=False))
    if not 0 < seconds <= _MOST:
        raise click.BadParameter(f"'{text}' is no time such as 2h, 90m, 1h30m or 3600 (seconds)", param_hint=option)
    return float(seconds)

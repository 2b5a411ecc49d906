"""Text as YAML: always quoted, so that nobody's name becomes a number, a date, a tag or a second key."""

from __future__ import annotations

import json

from ra_bench.boards.render.escape import one_line


def quoted(text: str) -> str:
    """A double-quoted scalar on one line.

    Examples
    --------
    >>> print(quoted('a: "b"'))
    "a: \\"b\\""
    """
    # What JSON escapes, YAML 1.2 escapes alike; control characters are visible code points by then.
    return json.dumps(one_line(text), ensure_ascii=False)

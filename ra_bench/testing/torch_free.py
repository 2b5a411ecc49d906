"""Load one plugin in a fresh process, and tell who imports torch: python -m ra_bench.testing.torch_free FILE [OTHER]...

FILE is a plugin file, or "" for an installed one; the OTHERs are left out.
"""

from __future__ import annotations

import sys
import traceback
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import TYPE_CHECKING

from ra_bench.plugins import load_plugins

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Exit code where torch is imported; what imports it is printed.
FOUND = 3


class Watch(MetaPathFinder):
    """Notes who imports torch, and lets it happen."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: object = None) -> None:  # noqa: ARG002 - Python asks so
        """Nothing is found here."""
        if fullname == "torch":
            frames = [frame for frame in traceback.extract_stack()[:-1] if not frame.filename.startswith("<frozen")]
            self.seen.append(f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}, says '{frames[-1].line}'")


def main() -> None:
    """Load, and exit with FOUND if torch was imported."""
    file, *others = sys.argv[1:]
    watch = Watch()
    sys.meta_path.insert(0, watch)
    load_plugins((), files=[Path(file)] if file else [], without=others)
    if watch.seen:
        sys.stdout.write(f"{watch.seen[0]}\n")
        sys.exit(FOUND)


if __name__ == "__main__":
    main()

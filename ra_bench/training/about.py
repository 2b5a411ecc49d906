"""What a file of weights says of itself, read without torch."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: No header of ours is near it; a file of another kind may claim any length.
_LONGEST_HEADER = 100_000_000


def about_weights(file: Path) -> dict[str, str]:
    """The `__metadata__` of a safetensors file; empty where there is none, or the file is of another kind."""
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            content = json.loads(stream.read(length)) if length < _LONGEST_HEADER else {}
    except (OSError, ValueError, struct.error):
        return {}
    about = content.get("__metadata__") if isinstance(content, dict) else None
    return {str(name): str(value) for name, value in about.items()} if isinstance(about, dict) else {}

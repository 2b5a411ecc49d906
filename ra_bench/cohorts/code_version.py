"""What a look at a film, or a stored film, depends on beside the file: our sources, and the packages that decode.

Where one of them changes, what was kept before is not used again: films that were decoded in two ways never mix.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ra_bench.plugins import hash_files

#: From a file to grey values, and to what is seen of them.
_LOOKING = ("dicom.py", "dicom_greys.py", "greys.py", "images.py", "pictures.py", "audit/look.py")
_DECODERS = ("pillow", "pydicom", "pylibjpeg", "pylibjpeg-libjpeg", "pylibjpeg-openjpeg", "pyjpegls")
#: From grey values to what is stored.
_FITTING = ("compose.py", "film_log.py", "fitting.py", "greys.py")


@cache
def looking_version() -> str:
    """Eight digits that change when a file might be decoded, or looked at, otherwise than before."""
    return _hash(_LOOKING, _DECODERS)


@cache
def fitting_version() -> str:
    """Eight digits that change when a film of the same grey values might be stored otherwise than before."""
    return _hash(_FITTING, ("pillow",))


def _hash(sources: tuple[str, ...], packages: tuple[str, ...]) -> str:
    source = hash_files(Path(__file__).parent / name for name in sources)
    text = " ".join((source, *map(_version, packages)))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"

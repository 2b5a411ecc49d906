"""One film from one file, of whatever kind: grey values of 8 or 16 bits, bone bright, with their history."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

from ra_bench.cohorts.dicom import decode_dicom, is_dicom
from ra_bench.cohorts.greys import DecodedFilm, windowed
from ra_bench.cohorts.pictures import decode_picture, too_large
from ra_bench.errors import FilmError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

#: Endings of files that are looked at as films, in any case.
FILM_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".dcm", ".dicom")

#: Films that say that they are larger are taken for decompression bombs. A 10 x 12 inch film at 300 dpi has 11 million.
MAX_PIXELS = 120_000_000

#: Letters of a decoder's own words that are told; some decoders explain themselves at length.
_LONGEST = 300


def read_film(path: Path, window: tuple[float, float] | None = None) -> NDArray[np.uint8 | np.uint16]:
    """The grey values of `decode_film`."""
    return decode_film(path, window).greys


def decode_film(path: Path, window: tuple[float, float] | None = None) -> DecodedFilm:
    """Grey values of shape (height, width), uint8 or uint16, as a viewer would show them, and what was done.

    What a file is, its first bytes say and not its ending. `window` are two percentiles of the film's own grey
    values, which become black and white.

    Raises
    ------
    FilmError
        One sentence: the file is missing, empty, cut off, no picture, too large, of a kind that is no film, or needs a
        package that is not installed.
    """
    try:
        film = _decoded(path)
        return film if window is None else _through(film, window)
    except FilmError as error:
        raise FilmError(f"{path}: {_one_line(str(error))}") from None


def _decoded(path: Path) -> DecodedFilm:
    """The film before its percentiles are looked at; what is wrong comes without the path."""
    from PIL import Image, UnidentifiedImageError

    try:
        with path.open("rb") as file:
            start = file.read(256)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # each cause is checked here, or says itself in the decoder's error
            if is_dicom(start):
                return decode_dicom(path, MAX_PIXELS)
            return decode_picture(path, MAX_PIXELS)
    except (FilmError, MemoryError):
        raise
    except UnidentifiedImageError:
        raise FilmError(_what_it_is_instead(path, start)) from None
    except FileNotFoundError:
        raise FilmError("there is no such file.") from None
    except Image.DecompressionBombError:
        raise FilmError(too_large(MAX_PIXELS)) from None
    except Exception as error:  # noqa: BLE001  decoders tell of a damaged file in any way
        reason = _one_line(str(error))[:_LONGEST].rstrip(". ") or type(error).__name__
        raise FilmError(f"the file is cut off or damaged ({reason}).") from None


def _one_line(text: str) -> str:
    """Without what a damaged or a hostile file could do to a terminal."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _through(film: DecodedFilm, window: tuple[float, float]) -> DecodedFilm:
    """The film windowed by its percentiles."""
    said = f"Windowed: its percentiles {window[0]:g} and {window[1]:g} are black and white."
    return replace(film, greys=windowed(film.greys, window), history=(*film.history, said))


def _what_it_is_instead(path: Path, start: bytes) -> str:
    """Why nothing knows the file, in words."""
    if not start:
        return "the file is empty (0 bytes)."
    if start.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        return f"is a web page saved as {path.suffix or 'a film'}; the download failed, fetch it again."
    return "is no picture that can be read (PNG, JPEG, BMP, TIFF and DICOM are)."


def refuse_films(problems: list[str], total: int) -> None:
    """Raise one FilmError for all that is wrong with the films: the first 20, and the count. Nothing wrong: return."""
    if not problems:
        return
    shown = "\n".join(f"  {problem}" for problem in problems[:20])
    more = f"\n  ... and {len(problems) - 20} more" if len(problems) > 20 else ""
    raise FilmError(f"{len(problems)} of {total} films cannot be used:\n{shown}{more}")

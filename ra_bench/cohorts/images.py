"""One film from one file: grey values, 8 bits, bone bright."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from ra_bench.errors import FilmError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

#: Endings of files that are looked at as films, in any case.
FILM_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")

#: Films that say that they are larger are taken for decompression bombs. A 10 x 12 inch film at 300 dpi has 11 million.
MAX_PIXELS = 120_000_000

_DICOM_MARK = b"DICM"


def read_film(path: Path) -> NDArray[np.uint8]:
    """Grey values of shape (height, width), 0-255, as a viewer would show them.

    Turned upright by the EXIF orientation first. Palettes are looked up, colours become luminance, what is transparent
    becomes black.

    Raises
    ------
    FilmError
        One sentence: the file is missing, empty, cut off, no picture, too large, or of a kind that is not read yet.
    """
    import numpy as np
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # each cause is checked here, or says itself in the decoder's error
            with Image.open(path) as image:
                _check(path, image)
                image.load()
                return np.asarray(_grey(ImageOps.exif_transpose(image)))
    except UnidentifiedImageError:
        raise FilmError(f"{path}: {_what_it_is_instead(path)}") from None
    except FileNotFoundError:
        raise FilmError(f"{path}: there is no such file.") from None
    except Image.DecompressionBombError:
        raise FilmError(_too_large(path)) from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        # Pillow tells of a damaged file in any of these ways.
        raise FilmError(f"{path}: the file is cut off or damaged ({str(error).rstrip('.')}).") from None


def _check(path: Path, image: ImageFile) -> None:
    """Refuse before decoding what would be shown wrongly or fill the memory."""
    if image.width * image.height > MAX_PIXELS:
        raise FilmError(_too_large(path))
    # A 16-bit colour PNG is cut to its upper 8 bits by the decoder; only the raw mode of its tile tells.
    raw = str(image.tile[0][3]) if image.tile else ""
    if image.mode in {"I", "F"} or image.mode.startswith("I;16") or "16" in raw:
        raise FilmError(
            f"{path}: holds more than 8 bits a pixel, which are not read yet (planned: films of 16 bits). "
            "Export the film as an 8-bit PNG with the window that your readers used."
        )


def _grey(image: Image) -> Image:
    """One grey channel of 8 bits."""
    from PIL.Image import alpha_composite, new

    # A colour key marks unused palette entries in real films; it is no part of the picture.
    image.info.pop("transparency", None)
    if image.mode == "L":
        return image
    if image.mode in {"LA", "RGBA", "PA"}:
        image = image.convert("RGBA")
        return alpha_composite(new("RGBA", image.size, (0, 0, 0, 255)), image).convert("L")
    return image.convert("RGB").convert("L")


def _too_large(path: Path) -> str:
    return f"{path}: says that it has more than {MAX_PIXELS // 1_000_000} million pixels, so it is not opened."


def _what_it_is_instead(path: Path) -> str:
    """Why Pillow does not know the file, in words."""
    with path.open("rb") as file:
        start = file.read(256)
    if not start:
        return "the file is empty (0 bytes)."
    if start[128:132] == _DICOM_MARK or path.suffix.lower() in {".dcm", ".dicom"}:
        return (
            "is a DICOM file, which is not read yet (planned: DICOM films). "
            "Export the film as an 8-bit PNG with the window that your readers used."
        )
    if start.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        return f"is a web page saved as {path.suffix or 'a film'}; the download failed, fetch it again."
    return "is no picture that can be read (PNG, JPEG and BMP are)."


def refuse_films(problems: list[str], total: int) -> None:
    """Raise one FilmError for all that is wrong with the films: the first 20, and the count. Nothing wrong: return."""
    if not problems:
        return
    shown = "\n".join(f"  {problem}" for problem in problems[:20])
    more = f"\n  ... and {len(problems) - 20} more" if len(problems) > 20 else ""
    raise FilmError(f"{len(problems)} of {total} films cannot be used:\n{shown}{more}")

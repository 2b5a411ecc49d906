"""One film from a PNG, JPEG, BMP or TIFF, through Pillow: 8 bits, or 16 by bit depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.cohorts.greys import DecodedFilm
from ra_bench.errors import FilmError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

#: What Pillow may try. Others, such as PostScript, would start programs.
_FORMATS = ("PNG", "JPEG", "BMP", "DIB", "TIFF", "GIF", "PPM", "JPEG2000", "WEBP")
_ORIENTATION, _PHOTOMETRIC, _BITS = 0x0112, 262, 258


def decode_picture(path: Path, max_pixels: int) -> DecodedFilm:
    """The grey values as a viewer would show them, and what was done.

    Turned upright by the EXIF orientation first. Palettes are looked up, colours become luminance, what is transparent
    becomes black. Grey of more than 8 bits comes as uint16, as it stands in the file.

    Raises
    ------
    FilmError
        Too large, several pictures in one file, colour or floating point that would be cut in silence.
    Exception
        Whatever Pillow raises for a file that is damaged or that it does not know.
    """
    from PIL import Image, ImageOps

    with Image.open(path, formats=_FORMATS) as image:
        history = [f"{image.format} of mode {image.mode}."]
        _check(image, max_pixels)
        image.load()
        if image.getexif().get(_ORIENTATION, 1) != 1:
            history.append("Turned upright by its EXIF orientation.")
        upright = ImageOps.exif_transpose(image)
        deep = image.mode == "I" or image.mode.startswith("I;16")
        greys = _sixteen(image, upright, history) if deep else _eight(upright, history)
        return DecodedFilm(greys=greys, history=tuple(history))


def _check(image: ImageFile, max_pixels: int) -> None:
    """Refuse before decoding what would be shown wrongly or fill the memory."""
    if image.width * image.height > max_pixels:
        raise FilmError(too_large(max_pixels))
    # The second picture of an MPO, which some cameras and viewers write as .jpg, is a preview of the first.
    pictures = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
    if pictures > 1:
        raise FilmError(f"holds {pictures} pictures (pages or frames). Write each film into a file of its own.")
    if image.mode == "F":
        raise FilmError(
            "holds floating-point numbers, and what is black and what is white is not known. "
            "Export the film with 16 bits."
        )
    # Colour of 16 bits is cut to its upper 8 bits by the decoder; only the raw mode of its tile tells.
    arguments = image.tile[0][3] if image.tile else ""
    raw = arguments[0] if isinstance(arguments, tuple) else arguments
    if "16" in str(raw) and image.mode != "I" and not image.mode.startswith("I;16"):
        raise FilmError("holds colours of 16 bits each, which would be cut. Export the film as 16-bit grey.")


def _sixteen(image: ImageFile, upright: Image, history: list[str]) -> NDArray[np.uint16]:
    """Grey of more than 8 bits, as it stands in the file."""
    import numpy as np

    values = np.asarray(upright)
    if values.min() < 0 or values.max() > 65535:
        raise FilmError(
            f"holds values from {values.min()} to {values.max()}, and 0 to 65535 can be kept. "
            "Export the film as 16-bit grey."
        )
    greys = values.astype(np.uint16)
    tags = getattr(image, "tag_v2", {})
    if tags.get(_PHOTOMETRIC) == 0:  # Pillow inverts such a TIFF of 8 bits itself, one of 16 bits it does not
        bits = tags.get(_BITS, (16,))
        greys = np.uint16(2 ** int(bits[0]) - 1) - greys
        history.append("Inverted (WhiteIsZero).")
    history.append("Kept as 16 bits.")
    return greys


def _eight(image: Image, history: list[str]) -> NDArray[np.uint8]:
    """One grey channel of 8 bits."""
    import numpy as np
    from PIL.Image import alpha_composite, new

    # A colour key marks unused palette entries in real films; it is no part of the picture.
    image.info.pop("transparency", None)
    if image.mode == "L":
        return np.asarray(image)
    if image.mode in {"LA", "RGBA", "PA"}:
        history.append("Laid on black where transparent, then luminance.")
        image = image.convert("RGBA")
        return np.asarray(alpha_composite(new("RGBA", image.size, (0, 0, 0, 255)), image).convert("L"))
    history.append("Looked up in its palette, then luminance." if image.mode == "P" else "Luminance of its colours.")
    return np.asarray(image.convert("RGB").convert("L"))


def too_large(max_pixels: int) -> str:
    """The sentence for a film that says it has more pixels than any film has."""
    return f"says that it has more than {max_pixels // 1_000_000} million pixels, so it is not opened."

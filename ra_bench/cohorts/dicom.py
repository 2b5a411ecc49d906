"""One film from a DICOM file, through pydicom. Only `_TAGS` are read, so no tag of a person is ever in memory."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ra_bench.cohorts.dicom_greys import grey_of_each_value, numbers, stored_range
from ra_bench.cohorts.greys import DecodedFilm
from ra_bench.cohorts.pictures import too_large
from ra_bench.errors import FilmError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from pydicom.dataset import FileDataset

_TAGS = (
    "SamplesPerPixel", "PhotometricInterpretation", "NumberOfFrames", "Rows", "Columns", "BitsAllocated", "BitsStored",
    "HighBit", "PixelRepresentation", "PixelData", "FloatPixelData", "DoubleFloatPixelData", "PixelSpacing",
    "ImagerPixelSpacing", "RescaleSlope", "RescaleIntercept", "ModalityLUTSequence", "VOILUTSequence", "WindowCenter",
    "WindowWidth", "VOILUTFunction", "PresentationLUTShape",
)  # fmt: skip

_EXTRA = "pip install 'ra-bench[dicom]'"
_GPL = "pip install pylibjpeg pylibjpeg-libjpeg (under the GPL, version 3, so the choice is yours)"
_JPEG_LS = "pip install pyjpegls"
#: What brings the decoder of a transfer syntax: JPEG lossless twice, JPEG-LS twice.
_DECODERS = {
    "1.2.840.10008.1.2.4.57": _GPL,
    "1.2.840.10008.1.2.4.70": _GPL,
    "1.2.840.10008.1.2.4.80": _JPEG_LS,
    "1.2.840.10008.1.2.4.81": _JPEG_LS,
}


def is_dicom(start: bytes) -> bool:
    """Whether a file that starts so is DICOM: by its mark, or, without a preamble, by a first tag of group 2 or 8."""
    return start[128:132] == b"DICM" or (start[:2] in {b"\x02\0", b"\x08\0"} and start[3:4] == b"\0")


def decode_dicom(path: Path, max_pixels: int) -> DecodedFilm:
    """The grey values as a viewer would show them, uint8 up to 8 bits stored, uint16 above, and what was done.

    Raises
    ------
    FilmError
        pydicom or a decoder is not installed, or the file holds no picture, several, colour, or more than 16 bits.
    Exception
        Whatever pydicom and its decoders raise for a damaged file.
    """
    import numpy as np

    try:
        import pydicom
    except ImportError:
        raise FilmError(f"is a DICOM file, and pydicom is not installed: {_EXTRA}") from None

    logger = logging.getLogger("pydicom")
    if not logger.handlers:  # Python prints what a library logs and nobody listens to
        logger.addHandler(logging.NullHandler())
    data = pydicom.dcmread(path, force=True, specific_tags=list(_TAGS))
    _check(data, max_pixels)
    first = f"DICOM, {data.BitsStored} bits stored{_compression(data)}."
    stored = _pixels(data)
    table, history = grey_of_each_value(data)
    greys = table[stored.astype(np.int32) - stored_range(data)[0]]
    return DecodedFilm(greys=greys, history=(first, *history), pixel_spacing=_spacing(data))


def _check(data: FileDataset, max_pixels: int) -> None:
    """Refuse before decoding what is no film, would be shown wrongly or fill the memory."""
    rows, columns = data.get("Rows") or 0, data.get("Columns") or 0
    if rows * columns > max_pixels:
        raise FilmError(too_large(max_pixels))
    if "FloatPixelData" in data or "DoubleFloatPixelData" in data:
        raise FilmError("holds floating-point numbers; a radiograph holds whole ones. Export the original.")
    if "PixelData" not in data or not rows * columns:
        raise FilmError("is a DICOM file without a picture, or cut off. Fetch it again, or leave it out.")
    frames = int(data.get("NumberOfFrames") or 1)
    if frames > 1:
        raise FilmError(f"holds {frames} frames. Write each film into a file of its own.")
    kind = str(data.get("PhotometricInterpretation", "not said"))
    if kind not in {"MONOCHROME1", "MONOCHROME2"} or data.get("SamplesPerPixel", 1) != 1:
        raise FilmError(
            f"is in colour (PhotometricInterpretation {kind}), so it is a picture of a film or a report. "
            "Export the radiograph itself, MONOCHROME1 or MONOCHROME2."
        )
    stored, allocated, highest = data.BitsStored, data.BitsAllocated, data.get("HighBit", data.BitsStored - 1)
    if allocated not in {8, 16} or not 1 <= stored <= allocated or highest != stored - 1:
        raise FilmError(
            f"has {stored} bits stored in {allocated}, the highest numbered {highest}; "
            "up to 16 bits are read, stored in 8 or 16 from bit 0 on. Export the film anew."
        )


def _compression(data: FileDataset) -> str:
    """What the pixels are packed with, in words, with a comma before; refuse what no installed decoder unpacks."""
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import ImplicitVRLittleEndian

    syntax = data.file_meta.get("TransferSyntaxUID")
    if syntax is None:  # a file without a header is not packed, or nobody could tell how
        data.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
        return ""
    try:
        available = get_decoder(syntax).is_available
    except NotImplementedError:
        raise FilmError(f"is packed as {syntax.name}, which pydicom cannot unpack. Export the film anew.") from None
    if not available:
        advice = _DECODERS.get(syntax, _EXTRA)
        raise FilmError(f"is packed as {syntax.name}, and no decoder for it is installed: {advice}")
    return f", {syntax.name}" if syntax.is_compressed else ""


def _pixels(data: FileDataset) -> NDArray[np.integer[Any]]:
    """The stored values, whatever they are packed with."""
    from pydicom.uid import JPEGExtended12Bit

    try:
        stored = data.pixel_array
    except RuntimeError:
        # Pillow counts as its decoder, and unpacks 8 bits of it but not 12.
        if data.file_meta.TransferSyntaxUID == JPEGExtended12Bit:
            raise FilmError(
                f"is packed as {JPEGExtended12Bit.name}, and is damaged or needs another decoder: {_GPL}"
            ) from None
        raise
    if stored.shape != (data.Rows, data.Columns):
        raise FilmError(
            f"says that it is {data.Rows} x {data.Columns} pixels, and holds an array of {stored.shape}. "
            "Export the film anew."
        )
    return stored


def _spacing(data: FileDataset) -> tuple[float, float] | None:
    for name in ("PixelSpacing", "ImagerPixelSpacing"):
        found = numbers(data.get(name))
        if len(found) == 2:
            return found[0], found[1]
    return None

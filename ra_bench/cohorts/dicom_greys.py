"""From what a DICOM pixel holds to a grey value: modality LUT or rescale, then VOI LUT or window, then inversion.

Every step is a function of one stored value. So it is worked out once for each value that a pixel may hold, 65,536 at
most, and looked up for each pixel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.errors import FilmError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

_INVERTING = ("MONOCHROME1", "PresentationLUTShape INVERSE")


def grey_of_each_value(data: Dataset) -> tuple[NDArray[np.uint8 | np.uint16], list[str]]:
    """The grey value of every value that a pixel may hold, from the least on, and what was applied.

    uint8 where 8 bits or fewer are stored, uint16 above.

    Raises
    ------
    FilmError
        A window or a look-up table that DICOM does not allow.
    """
    import numpy as np

    least, greatest = stored_range(data)
    values, (low, high), history = _modality(data, np.arange(least, greatest + 1))
    share, said = _value_of_interest(data, values, low, high)
    history.append(said)
    # PS3.3 C.8.11.3.1.2: MONOCHROME1 asks for INVERSE, so both together are one inversion.
    shape = data.get("PresentationLUTShape", "")
    causes = [text for text in (data.PhotometricInterpretation, f"PresentationLUTShape {shape}") if text in _INVERTING]
    if causes:
        share = 1 - share
        history.append(f"Inverted ({', '.join(causes)}).")
    deep = data.BitsStored > 8
    return np.rint(share * (65535 if deep else 255)).astype(np.uint16 if deep else np.uint8), history


def stored_range(data: Dataset) -> tuple[int, int]:
    """Least and greatest value that a pixel may hold."""
    bits = int(data.BitsStored)
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if data.get("PixelRepresentation", 0) else (0, 2**bits - 1)


def numbers(value: object) -> list[float]:
    """One number, several or none, as DICOM gives them."""
    from pydicom.multival import MultiValue

    if value is None or value == "":
        return []
    return [float(part) for part in value] if isinstance(value, MultiValue) else [float(str(value))]


def _modality(data: Dataset, values: NDArray[np.int64]) -> tuple[NDArray[np.float64], tuple[float, float], list[str]]:
    """Values after the modality LUT or rescale, the least and greatest that they may be, and what was applied."""
    import numpy as np

    if data.get("ModalityLUTSequence"):
        found, greatest = _looked_up(data, data.ModalityLUTSequence[0], values)
        return found, (0, greatest), ["Looked up in its modality LUT."]
    slope, intercept = (*numbers(data.get("RescaleSlope")), 1.0)[0], (*numbers(data.get("RescaleIntercept")), 0.0)[0]
    if slope == 0:
        raise FilmError("its RescaleSlope is 0, so all pixels would be one grey. Export the film anew.")
    rescaled = values.astype(np.float64) * slope + intercept
    said = [] if (slope, intercept) == (1, 0) else [f"Rescaled: times {slope:g}, plus {intercept:g}."]
    return rescaled, (float(rescaled.min()), float(rescaled.max())), said


def _value_of_interest(
    data: Dataset, values: NDArray[np.float64], low: float, high: float
) -> tuple[NDArray[np.float64], str]:
    """Values from black, 0, to white, 1: by the first VOI LUT, the first window, or the whole range; and by which."""
    if data.get("VOILUTSequence"):
        found, greatest = _looked_up(data, data.VOILUTSequence[0], values)
        return found / greatest, f"Looked up in its VOI LUT{_first_of(len(data.VOILUTSequence))}."
    centres, widths = numbers(data.get("WindowCenter")), numbers(data.get("WindowWidth"))
    if centres and widths:
        function = str(data.get("VOILUTFunction") or "LINEAR")
        said = f"centre {centres[0]:g}, width {widths[0]:g}, {function}"
        shown = _through_window(values, centres[0], widths[0], function)
        return shown, f"Windowed: {said}{_first_of(len(centres))}."
    return (values - low) / (high - low), "No window in the file: its whole range of values is shown."


def _through_window(values: NDArray[np.float64], centre: float, width: float, function: str) -> NDArray[np.float64]:
    """PS3.3 C.11.2.1.2 and C.11.2.1.3, from 0 to 1."""
    import numpy as np

    if function not in {"LINEAR", "LINEAR_EXACT", "SIGMOID"}:
        raise FilmError(f"its VOILUTFunction is {function}; DICOM has LINEAR, LINEAR_EXACT, SIGMOID. Export it anew.")
    if not (width >= 1 if function == "LINEAR" else width > 0):
        raise FilmError(f"its window is {width:g} wide, too little for {function}. Export the film anew.")
    if function == "SIGMOID":
        return np.asarray(1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -700, 700))))
    if function == "LINEAR_EXACT":
        return np.clip((values - centre) / width + 0.5, 0, 1)
    if width == 1:
        return np.where(values <= centre - 0.5, 0.0, 1.0)
    return np.clip((values - (centre - 0.5)) / (width - 1) + 0.5, 0, 1)


def _looked_up(
    data: Dataset, item: Dataset, values: NDArray[np.int64] | NDArray[np.float64]
) -> tuple[NDArray[np.float64], int]:
    """Values through a LUT, PS3.3 C.11.1.1, what lies outside by its ends; and the greatest that it may hold."""
    import numpy as np

    entries, first, bits = (int(part) for part in item.LUTDescriptor)
    entries = entries or 2**16
    if data.get("PixelRepresentation", 0) and first > 2**15 - 1:  # written as unsigned, meant as signed
        first -= 2**16
    found = item.LUTData
    if isinstance(found, bytes):
        width = 2 if len(found) >= 2 * entries else 1
        order = "<" if data.original_encoding[1] in {True, None} else ">"
        found = np.frombuffer(found, f"{order}u{width}")
    table = np.atleast_1d(np.asarray(found, np.int64))[:entries] & 0xFFFF
    greatest = 2**bits - 1
    if len(table) < entries or not 0 < bits <= 16 or table.max() > greatest:
        raise FilmError(
            f"one of its look-up tables says that it has {entries} entries of {bits} bits, and has {len(table)} up to "
            f"{table.max(initial=0)}. Export the film anew."
        )
    places = np.clip(np.floor(values).astype(np.int64) - first, 0, entries - 1)
    return table[places].astype(np.float64), greatest


def _first_of(count: int) -> str:
    return f", the first of {count}" if count > 1 else ""

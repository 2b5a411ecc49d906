"""DICOM films: each trap is written here with pydicom, and held against its own LUTs or arrays worked out by hand."""

import logging
import sys
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)

from ra_bench.cohorts.images import decode_film, read_film
from ra_bench.cohorts.load import load_cohort
from ra_bench.errors import FilmError

RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)
Write = Callable[..., Path]


def dataset(pixels: np.ndarray, bits: int, syntax: UID = ExplicitVRLittleEndian, **tags: object) -> FileDataset:
    """A DX film with a person in it."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = generate_uid()
    big = syntax == ExplicitVRBigEndian
    implicit = syntax == ImplicitVRLittleEndian
    data = FileDataset(
        "film", {}, file_meta=meta, preamble=b"\0" * 128, is_implicit_VR=implicit, is_little_endian=not big
    )
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    data.PatientName, data.PatientID, data.PatientBirthDate = "Doe^Jane", "4711", "19500101"
    data.Rows, data.Columns = pixels.shape[:2]
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit = 8 * pixels.itemsize, bits, bits - 1
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    data.PixelData = pixels.astype(pixels.dtype.newbyteorder(">" if big else "<")).tobytes()
    data["PixelData"].VR = "OB" if pixels.itemsize == 1 and not implicit else "OW"
    for name, value in tags.items():
        setattr(data, name, value)
    return data


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def save(pixels: np.ndarray = RAMP, bits: int = 12, syntax: UID = ExplicitVRLittleEndian, **tags: object) -> Path:
        path = tmp_path / "film.dcm"
        dataset(pixels, bits, syntax, **tags).save_as(path, enforce_file_format=True)
        return path

    return save


def lut(table: np.ndarray, first: int = 0, bits: int = 16, vr: str = "US") -> Sequence:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(table) % 65536, first, bits])
    item.add_new("LUTData", vr, table.astype("<u2").tobytes() if vr == "OW" else table.tolist())
    return Sequence([item])


def white(share: np.ndarray) -> np.ndarray:
    return np.rint(share * 65535)


def refused(path: Path) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(FilmError) as caught:
            read_film(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


# --- what a pixel means ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [9, 10, 12, 14, 15, 16])
def test_bits_stored_in_sixteen_span_black_to_white(write, bits):
    stored = np.linspace(0, 2**bits - 1, 64).astype(np.uint16).reshape(8, 8)
    film = read_film(write(stored, bits))
    assert film.dtype == np.uint16
    assert np.array_equal(film, white(stored / (2**bits - 1)))


def test_eight_bits_stay_as_they_are(write):
    stored = np.arange(256, dtype=np.uint8).reshape(16, 16)
    film = read_film(write(stored, 8))
    assert film.dtype == np.uint8
    assert np.array_equal(film, stored)


def test_what_stands_in_the_unused_bits_is_left_out(write):
    film = read_film(write(RAMP | np.uint16(0xF000), 12))
    assert np.array_equal(film, white(RAMP / 4095))


def test_values_with_a_sign_span_black_to_white(write):
    film = read_film(write(RAMP.astype(np.int16) - 2048, 12))
    assert np.array_equal(film, white(RAMP / 4095))


@pytest.mark.parametrize("centre", [2048.0, 700.5])
@pytest.mark.parametrize("width", [4096.0, 300.0, 2.0])
@pytest.mark.parametrize("function", [None, "LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_a_window_is_as_pydicom_applies_it(write, centre, width, function):
    tags = {"WindowCenter": centre, "WindowWidth": width} | ({"VOILUTFunction": function} if function else {})
    path = write(**tags)
    with np.errstate(over="ignore"):  # of their sigmoid, far from its centre
        theirs = apply_voi_lut(RAMP, pydicom.dcmread(path)) / 4095
    assert np.abs(read_film(path) - theirs * 65535).max() <= 0.51


@pytest.mark.parametrize(("slope", "intercept"), [(1, -1024), (0.5, 0), (3, 7)])
def test_a_rescale_comes_before_the_window(write, slope, intercept):
    path = write(RescaleSlope=slope, RescaleIntercept=intercept, RescaleType="US", WindowCenter=400, WindowWidth=900)
    data = pydicom.dcmread(path)
    rescaled = apply_modality_lut(RAMP, data)
    low, high = rescaled.min(), rescaled.max()
    theirs = (apply_voi_lut(rescaled, data) - low) / (high - low)
    assert np.abs(read_film(path) - theirs * 65535).max() <= 0.51


def test_a_window_of_one_is_a_step(write):
    film = read_film(write(np.array([[9, 10, 11]], np.uint16), 12, WindowCenter=10.5, WindowWidth=1))
    assert film.tolist() == [[0, 0, 65535]]


def test_a_falling_rescale_turns_black_and_white(write):
    film = read_film(write(RescaleSlope=-1, RescaleIntercept=4095))
    assert np.array_equal(film, white(1 - RAMP / 4095))


def test_a_window_after_a_falling_rescale_is_over_the_rescaled_values(write):
    film = read_film(write(RescaleSlope=-1, RescaleIntercept=4095, WindowCenter=1000.5, WindowWidth=501))
    assert np.array_equal(film, white(np.clip((4095.0 - RAMP - 1000) / 500 + 0.5, 0, 1)))


def test_of_several_windows_the_first_is_taken(write):
    film = decode_film(write(WindowCenter=[1000, 9], WindowWidth=[100, 9]))
    assert np.array_equal(film.greys, read_film(write(WindowCenter=1000, WindowWidth=100)))
    assert film.history[1] == "Windowed: centre 1000, width 100, LINEAR, the first of 2."


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("vr", ["US", "OW"])
def test_a_voi_lut_is_as_pydicom_applies_it_and_goes_before_the_window(write, vr, syntax):
    table = np.rint(np.sqrt(np.arange(3000) / 2999) * 1023).astype(np.uint16)
    path = write(syntax=syntax, VOILUTSequence=lut(table, 500, 10, vr), WindowCenter=9, WindowWidth=9)
    theirs = apply_voi_lut(RAMP, pydicom.dcmread(path), prefer_lut=True)
    film = decode_film(path)
    assert np.array_equal(film.greys, white(theirs / 1023))
    assert film.history[1] == "Looked up in its VOI LUT."


def test_a_lut_of_all_65536_entries_says_that_it_has_none(write):
    stored = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    film = read_film(write(stored, 16, VOILUTSequence=lut(np.arange(65536)[::-1], 0, 16, "OW")))
    assert np.array_equal(film, 65535 - stored)


def test_a_lut_for_values_with_a_sign_starts_below_zero(write):
    pixels = np.array([[-3, -2, -1, 0, 5]], np.int16)
    film = read_film(write(pixels, 12, VOILUTSequence=lut(np.array([0, 100, 255]), 65534, 8)))
    assert np.array_equal(film, white(np.array([[0, 0, 100, 255, 255]]) / 255))


def test_a_modality_lut_of_twelve_bits_comes_first(write):
    table = np.arange(4096)[::-1]
    film = decode_film(write(ModalityLUTSequence=lut(table, 0, 12), WindowCenter=1000, WindowWidth=500))
    after = table[RAMP]
    assert np.array_equal(film.greys, white(np.clip((after - 999.5) / 499 + 0.5, 0, 1)))
    assert film.history[1:] == ("Looked up in its modality LUT.", "Windowed: centre 1000, width 500, LINEAR.")


def test_a_modality_lut_is_as_pydicom_applies_it(write):
    path = write(ModalityLUTSequence=lut(np.arange(4096) * 16, 0, 16))
    theirs = apply_modality_lut(RAMP, pydicom.dcmread(path))
    assert np.array_equal(read_film(path), theirs)


@pytest.mark.parametrize(
    ("photometric", "shape", "inverted"),
    [
        ("MONOCHROME2", None, False),
        ("MONOCHROME2", "IDENTITY", False),
        ("MONOCHROME1", None, True),
        ("MONOCHROME2", "INVERSE", True),
        ("MONOCHROME1", "INVERSE", True),  # the standard wants both together, and one inversion
    ],
)
def test_bone_is_bright_whatever_the_file_calls_white(write, photometric, shape, inverted):
    tags = {"PhotometricInterpretation": photometric} | ({"PresentationLUTShape": shape} if shape else {})
    film = decode_film(write(**tags))
    assert np.array_equal(film.greys, white(1 - RAMP / 4095 if inverted else RAMP / 4095))
    assert film.history[-1].startswith("Inverted (") == inverted


def test_an_inversion_comes_after_the_window(write):
    film = read_film(write(PhotometricInterpretation="MONOCHROME1", WindowCenter=1000, WindowWidth=501))
    assert np.array_equal(film, white(1 - np.clip((RAMP - 999.5) / 500 + 0.5, 0, 1)))


def test_the_history_says_what_was_applied_in_order(write):
    film = decode_film(
        write(
            RescaleSlope=2, RescaleIntercept=-5, WindowCenter=10, WindowWidth=20, VOILUTFunction="SIGMOID",
            PhotometricInterpretation="MONOCHROME1", PresentationLUTShape="INVERSE", PixelSpacing=[0.15, 0.1],
        )
    )  # fmt: skip
    assert film.history == (
        "DICOM, 12 bits stored.",
        "Rescaled: times 2, plus -5.",
        "Windowed: centre 10, width 20, SIGMOID.",
        "Inverted (MONOCHROME1, PresentationLUTShape INVERSE).",
    )
    assert film.pixel_spacing == (0.15, 0.1)


def test_the_spacing_of_the_detector_does_where_there_is_no_other(write):
    assert decode_film(write(ImagerPixelSpacing=[0.2, 0.2])).pixel_spacing == (0.2, 0.2)
    assert decode_film(write()).pixel_spacing is None


def test_the_percentiles_of_the_cohort_come_last(write):
    film = decode_film(write(PhotometricInterpretation="MONOCHROME1"), (25, 75))
    share = 1 - RAMP / 4095
    low, high = np.percentile(white(share), (25, 75))
    assert np.array_equal(film.greys, np.rint(np.clip((white(share) - low) / (high - low), 0, 1) * 65535))
    assert film.history[-1] == "Windowed: its percentiles 25 and 75 are black and white."


# --- how it is packed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_unpacked_and_deflated_files_are_read(write, syntax):
    assert np.array_equal(read_film(write(syntax=syntax)), white(RAMP / 4095))


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
@pytest.mark.parametrize("bits", [10, 12, 15, 16])
def test_packed_files_are_read(tmp_path, syntax, bits):
    stored = (RAMP * 16 >> (16 - bits)).astype(np.uint16)
    data = dataset(stored, bits)
    data.compress(syntax, generate_instance_uid=False)
    data.save_as(tmp_path / "a.dcm")
    film = decode_film(tmp_path / "a.dcm")
    assert np.array_equal(film.greys, white(stored / (2**bits - 1)))
    assert film.history[0] == f"DICOM, {bits} bits stored, {syntax.name}."


def test_a_file_without_preamble_and_header_is_read(tmp_path):
    data = dataset(RAMP, 12, ImplicitVRLittleEndian)
    del data.file_meta
    data.preamble = None
    pydicom.dcmwrite(tmp_path / "a.dcm", data, implicit_vr=True, little_endian=True, enforce_file_format=False)
    assert (tmp_path / "a.dcm").read_bytes()[128:132] != b"DICM"
    assert np.array_equal(read_film(tmp_path / "a.dcm"), white(RAMP / 4095))


def test_dicom_under_another_ending_is_known(write):
    path = write()
    assert np.array_equal(read_film(path.rename(path.with_suffix(".png"))), white(RAMP / 4095))


# --- what is refused -------------------------------------------------------------------------------------------------


def encapsulated(syntax: UID, content: bytes = b"\xff\xd8\xff\xc3" + b"\0" * 60) -> FileDataset:
    data = dataset(RAMP, 12, syntax)
    data.PixelData = pydicom.encaps.encapsulate([content])
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True
    return data


@pytest.mark.skipif(find_spec("libjpeg") is not None, reason="the decoder is installed")
def test_a_missing_decoder_is_named_with_what_brings_it_and_its_licence(tmp_path):
    encapsulated(JPEGLosslessSV1).save_as(tmp_path / "a.dcm")
    message = refused(tmp_path / "a.dcm")
    assert "is packed as JPEG Lossless" in message
    assert "no decoder for it is installed: pip install pylibjpeg pylibjpeg-libjpeg (under the GPL" in message


@pytest.mark.skipif(find_spec("libjpeg") is not None, reason="the decoder is installed")
def test_what_twelve_bit_jpeg_needs_is_named(tmp_path):
    encapsulated(JPEGExtended12Bit).save_as(tmp_path / "a.dcm")
    said = "and is damaged or needs another decoder: pip install pylibjpeg pylibjpeg-libjpeg (under the GPL"
    assert said in refused(tmp_path / "a.dcm")


@pytest.mark.skipif(find_spec("jpeg_ls") is not None, reason="the decoder is installed")
def test_a_missing_decoder_of_jpeg_ls_is_named(tmp_path):
    encapsulated(JPEGLSLossless).save_as(tmp_path / "a.dcm")
    assert refused(tmp_path / "a.dcm").endswith("no decoder for it is installed: pip install pyjpegls")


def test_a_film_as_video_is_refused(tmp_path):
    encapsulated(UID("1.2.840.10008.1.2.4.102")).save_as(tmp_path / "a.dcm")
    assert "which pydicom cannot unpack. Export the film anew." in refused(tmp_path / "a.dcm")


def test_pydicom_missing_is_told_with_the_command_that_brings_it(write, monkeypatch):
    path = write()
    monkeypatch.setitem(sys.modules, "pydicom", None)
    assert refused(path) == "is a DICOM file, and pydicom is not installed: pip install 'ra-bench[dicom]'"
    assert "\ndicom = [" in (Path(__file__).parents[2] / "pyproject.toml").read_text()


def test_several_frames_are_refused(write):
    path = write(np.stack([RAMP, RAMP]).reshape(128, 64), 12, Rows=64, NumberOfFrames=2)
    assert refused(path) == "holds 2 frames. Write each film into a file of its own."


def test_a_file_that_holds_more_pixels_than_it_says_is_refused(write):
    assert refused(write(Rows=4)).startswith("says that it is 4 x 64 pixels, and holds an array of (16, 4, 64).")


@pytest.mark.parametrize(("kind", "samples"), [("RGB", 3), ("YBR_FULL", 3), ("PALETTE COLOR", 1)])
def test_colour_is_refused(write, kind, samples):
    pixels = np.zeros((4, 4 * samples), np.uint8)
    path = write(pixels, 8, Columns=4, SamplesPerPixel=samples, PhotometricInterpretation=kind, PlanarConfiguration=0)
    message = refused(path)
    assert f"is in colour (PhotometricInterpretation {kind})" in message
    assert "Export the radiograph itself" in message


def test_thirty_two_bits_are_refused(write):
    message = refused(write(np.zeros((4, 4), np.uint32), 32))
    assert message.startswith("has 32 bits stored in 32, the highest numbered 31; up to 16 bits are read")


def test_bits_that_do_not_start_at_the_lowest_are_refused(write):
    assert refused(write(HighBit=15)).startswith("has 12 bits stored in 16, the highest numbered 15;")


def test_floating_point_is_refused(tmp_path):
    data = dataset(RAMP, 12)
    del data.PixelData
    data.FloatPixelData = np.zeros(4096, np.float32).tobytes()
    data.save_as(tmp_path / "a.dcm")
    assert refused(tmp_path / "a.dcm").startswith("holds floating-point numbers; a radiograph holds whole ones.")


def test_a_report_without_a_picture_is_refused(tmp_path):
    data = dataset(RAMP, 12)
    del data.PixelData
    data.save_as(tmp_path / "a.dcm")
    assert refused(tmp_path / "a.dcm").startswith("is a DICOM file without a picture, or cut off.")


def test_a_film_that_says_it_is_huge_is_not_decoded(write):
    assert "more than 120 million pixels" in refused(write(Rows=30_000, Columns=30_000))


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"WindowCenter": 5, "WindowWidth": 0.5}, "its window is 0.5 wide, too little for LINEAR."),
        (
            {"WindowCenter": 5, "WindowWidth": 0, "VOILUTFunction": "SIGMOID"},
            "its window is 0 wide, too little for SIGMOID.",
        ),
        ({"WindowCenter": 5, "WindowWidth": 9, "VOILUTFunction": "CUBIC"}, "its VOILUTFunction is CUBIC; DICOM has"),
        ({"RescaleSlope": 0, "RescaleIntercept": 0}, "its RescaleSlope is 0, so all pixels would be one grey."),
        (
            {"VOILUTSequence": lut(np.array([1, 2, 999]), 0, 8)},
            "one of its look-up tables says that it has 3 entries of 8 bits, and has 3 up to 999.",
        ),
    ],
)
def test_what_dicom_does_not_allow_is_told(write, tags, said):
    message = refused(write(**tags))
    assert message.startswith(said)
    assert message.endswith("Export the film anew." if "CUBIC" not in said else "Export it anew.")


def test_a_table_shorter_than_it_says_is_told(write):
    table = lut(np.array([1, 2, 3]), 0, 8)
    table[0].LUTDescriptor = [9, 0, 8]
    assert "says that it has 9 entries of 8 bits, and has 3 up to 3." in refused(write(VOILUTSequence=table))


@pytest.mark.parametrize("packing", [None, RLELossless, JPEG2000Lossless])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_that_is_cut_off_is_told(tmp_path, packing, share, caplog):
    noise = np.random.default_rng(0).integers(0, 4096, (64, 64), dtype=np.uint16)
    data = dataset(noise, 12)
    if packing is not None:
        data.compress(packing, generate_instance_uid=False)
    data.save_as(tmp_path / "a.dcm")
    whole = (tmp_path / "a.dcm").read_bytes()
    (tmp_path / "a.dcm").write_bytes(whole[: int(len(whole) * share)])
    message = refused(tmp_path / "a.dcm")
    assert "cut off" in message


def test_a_mark_with_nothing_behind_it_is_told(tmp_path):
    (tmp_path / "a.dcm").write_bytes(b"\0" * 128 + b"DICM")
    assert refused(tmp_path / "a.dcm").startswith("is a DICOM file without a picture")


def test_what_a_file_says_does_not_reach_the_terminal_raw(write):
    path = write(WindowCenter=5, WindowWidth=9, VOILUTFunction="SIGMOID")
    path.write_bytes(path.read_bytes().replace(b"SIGMOID ", b"A\x1b[2J\nB "))
    assert refused(path).startswith("its VOILUTFunction is A [2J B; DICOM has LINEAR")


def test_another_file_named_as_dicom_is_told(tmp_path):
    (tmp_path / "a.dcm").write_text("<html><body>please log in</body></html>")
    assert "is a web page saved as .dcm" in refused(tmp_path / "a.dcm")


# --- privacy, and the way to a cohort --------------------------------------------------------------------------------


def test_no_tag_of_a_person_is_kept_or_told(write):
    film = decode_film(write())
    assert not {"Doe", "4711", "1950"} & set("".join([repr(film.history), repr(film.pixel_spacing)]).split())
    assert "Doe" not in refused(write(WindowCenter=5, WindowWidth=0))


def test_what_pydicom_logs_is_not_printed(write, capfd):
    path = write()
    path.write_bytes(path.read_bytes()[:700])
    refused(path)
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("pydicom").handlers


@pytest.mark.parametrize("name", ["a.dcm", "a", "a.840.113"])
def test_dicom_films_are_found_by_their_mark_where_they_have_no_ending(make_folder, write, tmp_path, name):
    table = f"film,patient,A,B\n{name},1,10,12\nb,2,20,22\nc,3,30,32\n"
    file = make_folder(table)
    write().rename(file.parent / "films" / name)
    (file.parent / "films" / "a.png").unlink()
    (file.parent / "films" / "DICOMDIR").write_bytes(b"\0" * 128 + b"DICM")
    (file.parent / "films" / "notes").write_text("no film")
    cohort = load_cohort(file, tmp_path / "data")
    assert cohort.samples[0].film().dtype == np.uint16
    assert len(cohort.samples) == 3

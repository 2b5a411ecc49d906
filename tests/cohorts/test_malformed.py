"""Two hundred files that are no films: a reason each, no traceback, nothing written."""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEG2000Lossless, RLELossless, generate_uid

from ra_bench.cohorts.film_log import read_index
from ra_bench.cohorts.images import decode_film
from ra_bench.cohorts.load import load_cohort
from ra_bench.cohorts.store import open_store, store_folder
from ra_bench.errors import FilmError

COUNT = 200


def picture(suffix: str, dtype: type = np.uint8) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 255, (24, 32)).astype(dtype)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format={"jpg": "JPEG", "tif": "TIFF"}.get(suffix, suffix.upper()))
    return file.getvalue()


def dicom(syntax: UID = ExplicitVRLittleEndian, **tags: object) -> bytes:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = UID("1.2.840.10008.5.1.4.1.1.1.1"), generate_uid()
    data = FileDataset("film", {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    data.Rows, data.Columns, data.SamplesPerPixel, data.PhotometricInterpretation = 48, 64, 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    data.PixelData = np.random.default_rng(0).integers(0, 4096, (48, 64)).astype("<u2").tobytes()
    data["PixelData"].VR = "OW"
    if syntax != ExplicitVRLittleEndian:
        data.compress(syntax, generate_instance_uid=False)
    for name, value in tags.items():
        setattr(data, name, value)
    file = io.BytesIO()
    data.save_as(file)
    return file.getvalue()


def bomb(side: int) -> bytes:
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 999)), (b"IEND", b""))
    )


def frames(suffix: str) -> bytes:
    file = io.BytesIO()
    first, second = (Image.new("L", (8, 6), grey) for grey in (10, 20))
    first.save(file, format={"tif": "TIFF"}.get(suffix, suffix.upper()), save_all=True, append_images=[second])
    return file.getvalue()


def malformed() -> Iterator[tuple[str, bytes]]:
    """Ending and content of files none of which is a film."""
    whole = {suffix: picture(suffix) for suffix in ("png", "jpg", "bmp", "tif")}
    deep = {"png": picture("png", np.uint16), "tif": picture("tif", np.uint16)}
    packed = [dicom(syntax) for syntax in (ExplicitVRLittleEndian, RLELossless, JPEG2000Lossless)]
    for suffix in ("png", "jpg", "bmp", "tif", "dcm"):
        yield suffix, b""
        yield suffix, b"<!DOCTYPE html><html>403</html>"
        yield suffix, b"\n <?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"
        yield suffix, b"just text"
        yield suffix, b"%PDF-1.7\n%\xe2\xe3"
        yield suffix, b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"
        yield suffix, b"PK\x03\x04" + b"\0" * 60
        yield suffix, b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
        yield suffix, b"\0" * 128 + b"DICM"
        yield suffix, bomb(12_000)
        yield suffix, bomb(30_000)
        yield suffix, frames("tif")
        yield suffix, frames("gif")
        yield suffix, frames("png")
        for tags in ({"Rows": 0}, {"Columns": 65_535, "Rows": 65_535}, {"NumberOfFrames": 2}, {"HighBit": 15}):
            yield suffix, dicom(**tags)
        yield suffix, dicom(PhotometricInterpretation="RGB", SamplesPerPixel=3)
        yield suffix, dicom(WindowCenter=3, WindowWidth=0)
        yield suffix, dicom(BitsStored=0, HighBit=0)
    for suffix, content in [*whole.items(), *deep.items()]:
        for share in (0.02, 0.1, 0.3, 0.6, 0.8):
            yield suffix, content[: int(len(content) * share)]
    for content in packed:
        for share in (0.05, 0.2, 0.4, 0.6, 0.8, 0.9):
            yield "dcm", content[: int(len(content) * share)]
    noise = np.random.default_rng(1)
    for start in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"BM", b"II*\0", b"MM\0*", b"\0" * 128 + b"DICM"):
        for suffix in ("png", "jpg", "bmp", "tif", "dcm"):
            yield suffix, start + noise.bytes(300)
    for number in range(COUNT):
        yield "png", b"no film " + bytes([number])


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("malformed") / "films"
    folder.mkdir()
    found = []
    for number, (suffix, content) in zip(range(COUNT), malformed(), strict=False):
        found.append(folder / f"f{number:03d}.{suffix}")
        found[-1].write_bytes(content)
    return found


def reason(path: Path) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(FilmError) as caught:
            decode_film(path)
    return str(caught.value)


def test_each_of_two_hundred_malformed_files_has_one_reason(files, capfd):
    reasons = {path: reason(path) for path in files}
    assert len(reasons) == COUNT
    assert [text for path, text in reasons.items() if not text.startswith(f"{path}: ") or "\n" in text] == []
    assert [text for text in reasons.values() if "Traceback" in text or not text.endswith((".", ")"))] == []
    assert capfd.readouterr() == ("", "")


def test_nothing_is_written_where_no_film_can_be_read(files, tmp_path):
    rows = "".join(f"{path.stem},{number},1,2\n" for number, path in enumerate(files))
    home = files[0].parent.parent
    (home / "readings.csv").write_text("film,patient,A,B\n" + rows)
    (home / "cohort.toml").write_text(
        'name = "bad"\ntable = "readings.csv"\nfilms = "films"\nimage = "film"\nreaders = ["A", "B"]\n'
        'patient = "patient"\n[scale]\nname = "SvH"\nminimum = 0\nmaximum = 280\nunit = "SvH units"\n'
    )
    with pytest.raises(FilmError) as caught:
        load_cohort(home / "cohort.toml", tmp_path / "data")
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{COUNT} of {COUNT} films cannot be used:"
    assert len(lines) == 23
    assert lines[-2:] == [
        f"  ... and {COUNT - 20} more",
        f"All of it at once: ra-bench cohort check {home / 'cohort.toml'}",
    ]
    assert not (tmp_path / "data").exists()


def test_no_film_is_in_the_store_where_none_can_be_read(files, make_cohort, tmp_path):
    cohort = make_cohort(COUNT)
    samples = [replace(one, film=partial(_read, path)) for one, path in zip(cohort.samples, files, strict=True)]
    with pytest.raises(FilmError, match=f"{COUNT} of {COUNT} films cannot be used:"):
        open_store(samples, name="bad", version="1", height=15, width=20, data=tmp_path)
    assert read_index(store_folder(tmp_path, "bad", 15, 20)) == {}


def _read(path: Path) -> np.ndarray:
    return decode_film(path).greys

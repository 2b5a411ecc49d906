"""One film from one file: every trap is written here, then read."""

import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ra_bench.cohorts.images import read_film, refuse_films
from ra_bench.errors import FilmError

GREY = (np.arange(12, dtype=np.uint8) * 20).reshape(3, 4)


def test_a_grey_png_comes_as_it_is(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "a.png")
    film = read_film(tmp_path / "a.png")
    assert film.dtype == np.uint8
    assert np.array_equal(film, GREY)


@pytest.mark.parametrize("transparent", [None, 7])
def test_a_palette_is_looked_up_and_its_transparent_entry_keeps_its_grey(tmp_path, transparent):
    order = np.random.default_rng(0).permutation(256)  # grey of each index
    index = np.argsort(order)  # index of each grey
    image = Image.new("P", (4, 3))
    image.putpalette(np.repeat(order, 3).astype(np.uint8).tobytes())
    image.putdata([int(index[grey]) for grey in GREY.ravel()])
    image.save(tmp_path / "a.png", **({} if transparent is None else {"transparency": int(index[GREY[1, 1]])}))
    assert np.array_equal(read_film(tmp_path / "a.png"), GREY)


def test_three_equal_colours_are_the_grey(tmp_path):
    Image.fromarray(np.repeat(GREY[:, :, None], 3, axis=2)).save(tmp_path / "a.png")
    assert np.array_equal(read_film(tmp_path / "a.png"), GREY)


def test_what_is_transparent_is_black(tmp_path):
    pixels = np.full((2, 2, 4), 200, np.uint8)
    pixels[..., 3] = [[255, 0], [255, 255]]
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert read_film(tmp_path / "a.png").tolist() == [[200, 0], [200, 200]]


def test_grey_with_alpha_is_read(tmp_path):
    Image.merge("LA", (Image.fromarray(GREY), Image.new("L", (4, 3), 255))).save(tmp_path / "a.png")
    assert np.array_equal(read_film(tmp_path / "a.png"), GREY)


def test_one_bit_is_black_and_white(tmp_path):
    Image.fromarray(GREY).convert("1", dither=Image.Dither.NONE).save(tmp_path / "a.png")
    assert set(np.unique(read_film(tmp_path / "a.png"))) == {0, 255}


def test_a_jpeg_is_turned_upright_by_its_exif_orientation(tmp_path):
    upright = np.zeros((16, 32), np.uint8)
    upright[:, :16] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to see it upright
    Image.fromarray(np.rot90(upright)).save(tmp_path / "a.jpg", exif=exif, quality=95)
    film = read_film(tmp_path / "a.jpg")
    assert film.shape == (16, 32)
    assert film[:, :12].min() > 240
    assert film[:, 20:].max() < 15


def test_one_pixel_is_a_film(tmp_path):
    Image.new("L", (1, 1), 9).save(tmp_path / "a.png")
    assert read_film(tmp_path / "a.png").tolist() == [[9]]


def test_a_very_wide_film_is_read(tmp_path):
    Image.new("L", (30_000, 2), 9).save(tmp_path / "a.png")
    assert read_film(tmp_path / "a.png").shape == (2, 30_000)


def refused(path: Path) -> str:
    """What is said of a film that cannot be read: one sentence that names it, and no warning beside it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(FilmError) as caught:
            read_film(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


def test_sixteen_bits_are_refused_with_a_way_out(tmp_path):
    Image.fromarray(GREY.astype(np.uint16) * 257).save(tmp_path / "a.png")
    message = refused(tmp_path / "a.png")
    assert "more than 8 bits a pixel, which are not read yet (planned: films of 16 bits)" in message
    assert "Export the film as an 8-bit PNG" in message


def test_sixteen_bit_colour_is_not_cut_to_eight_in_silence(tmp_path):
    row = b"\0" + struct.pack(">6H", *[1000] * 6)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0)), (b"IDAT", zlib.compress(row)), (b"IEND", b"")]
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    (tmp_path / "a.png").write_bytes(png)
    assert "more than 8 bits" in refused(tmp_path / "a.png")


def test_floating_point_is_refused(tmp_path):
    Image.fromarray(GREY.astype(np.float32)).save(tmp_path / "a.tiff")
    assert "more than 8 bits" in refused(tmp_path / "a.tiff")


def test_dicom_is_refused_by_name(tmp_path):
    (tmp_path / "a.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\0" * 100)
    assert "is a DICOM file, which is not read yet (planned: DICOM films)" in refused(tmp_path / "a.dcm")


def test_dicom_under_another_name_is_known(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\0" * 128 + b"DICM" + b"\0" * 100)
    assert "is a DICOM file" in refused(tmp_path / "a.png")


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_file_that_is_cut_off_is_told(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:900])
    assert "the file is cut off or damaged" in refused(path)


def test_a_png_with_a_damaged_chunk_is_told(tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8)).save(tmp_path / "a.png")
    raw = bytearray((tmp_path / "a.png").read_bytes())
    raw[45:60] = b"\xff" * 15
    (tmp_path / "a.png").write_bytes(bytes(raw))
    assert "the file is cut off or damaged" in refused(tmp_path / "a.png")


def test_an_empty_file_is_told(tmp_path):
    (tmp_path / "a.png").touch()
    assert refused(tmp_path / "a.png").endswith("the file is empty (0 bytes).")


def test_a_web_page_saved_as_a_film_is_told(tmp_path):
    (tmp_path / "a.png").write_text("<!DOCTYPE html><html><body>403 Forbidden</body></html>")
    assert "is a web page saved as .png; the download failed, fetch it again." in refused(tmp_path / "a.png")


def test_any_other_file_is_told(tmp_path):
    (tmp_path / "a.png").write_text("just text")
    assert "is no picture that can be read (PNG, JPEG and BMP are)." in refused(tmp_path / "a.png")


def test_a_missing_file_is_told(tmp_path):
    assert refused(tmp_path / "a.png").endswith("there is no such file.")


@pytest.mark.parametrize("side", [12_000, 30_000])
def test_a_decompression_bomb_is_not_opened(tmp_path, side):
    # The header says side x side, the data say little: nothing may be allocated for it.
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"")),
        (b"IEND", b""),
    ]
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    (tmp_path / "a.png").write_bytes(png)
    assert "more than 120 million pixels, so it is not opened." in refused(tmp_path / "a.png")


def test_the_first_twenty_films_are_listed_and_the_rest_counted():
    with pytest.raises(FilmError) as caught:
        refuse_films([f"film {i}" for i in range(25)], 100)
    lines = str(caught.value).splitlines()
    assert lines[0] == "25 of 100 films cannot be used:"
    assert len(lines) == 22
    assert lines[-1] == "  ... and 5 more"


def test_nothing_wrong_is_no_error():
    refuse_films([], 100)

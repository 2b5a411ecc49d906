"""One film from one file: every trap is written here, then read."""

import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ra_bench.cohorts.images import decode_film, read_film, refuse_films
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


DEEP = np.array([[0, 1, 32767], [32768, 40000, 65535]], np.uint16)


@pytest.mark.parametrize("kind", ["<u2", ">u2"])
@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_sixteen_bits_survive(tmp_path, suffix, kind):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(DEEP.astype(kind)).save(path)
    film = decode_film(path)
    assert film.greys.dtype == np.uint16
    assert np.array_equal(film.greys, DEEP)
    assert film.history[-1] == "Kept as 16 bits."


def test_sixteen_bits_in_a_packed_tiff_survive(tmp_path):
    Image.fromarray(DEEP).save(tmp_path / "a.tif", compression="tiff_lzw")
    assert np.array_equal(read_film(tmp_path / "a.tif"), DEEP)


def test_whole_numbers_of_32_bits_are_kept_where_16_hold_them(tmp_path):
    Image.fromarray(DEEP.astype(np.int32)).save(tmp_path / "a.tiff")
    film = read_film(tmp_path / "a.tiff")
    assert film.dtype == np.uint16
    assert np.array_equal(film, DEEP)


def test_twelve_bits_in_a_sixteen_bit_png_are_not_stretched(tmp_path):
    Image.fromarray(DEEP // 16).save(tmp_path / "a.png")
    assert read_film(tmp_path / "a.png").max() == 4095


@pytest.mark.parametrize("pixels", [GREY, DEEP])
def test_a_tiff_whose_white_is_zero_is_inverted(tmp_path, pixels):
    Image.fromarray(pixels).save(tmp_path / "a.tiff", tiffinfo={262: 0})
    raw = (tmp_path / "a.tiff").read_bytes()
    assert pixels.tobytes() in raw or pixels.dtype == np.uint8  # Pillow inverts 8 bits as it writes, 16 it does not
    film = read_film(tmp_path / "a.tiff")
    assert np.array_equal(film, 65535 - pixels if pixels.dtype == np.uint16 else pixels)


def test_an_eight_bit_tiff_is_read(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "a.tiff")
    assert np.array_equal(read_film(tmp_path / "a.tiff"), GREY)


def test_a_packed_colour_tiff_is_read_wherever_its_strips_lie(tmp_path):
    colour = Image.fromarray(np.repeat(np.tile(GREY, (9, 9))[:, :, None], 3, axis=2))
    colour.save(tmp_path / "a.tiff", compression="tiff_lzw", description="x" * 1490)
    assert np.array_equal(read_film(tmp_path / "a.tiff"), np.tile(GREY, (9, 9)))


def test_sixteen_bits_are_turned_upright_too(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.rot90(DEEP)).save(tmp_path / "a.png", exif=exif)
    film = decode_film(tmp_path / "a.png")
    assert np.array_equal(film.greys, DEEP)
    assert film.history[1] == "Turned upright by its EXIF orientation."


def test_percentiles_become_black_and_white_where_the_cohort_says_so(tmp_path):
    ramp = np.arange(10_000, dtype=np.uint16).reshape(100, 100)
    Image.fromarray(ramp).save(tmp_path / "a.png")
    low, high = np.percentile(ramp, (1, 99))
    film = decode_film(tmp_path / "a.png", (1, 99))
    assert np.array_equal(film.greys, np.rint(np.clip((ramp - low) / (high - low), 0, 1) * 65535))
    assert film.history[-1] == "Windowed: its percentiles 1 and 99 are black and white."


def test_percentiles_of_an_eight_bit_film_leave_it_eight_bits(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "a.png")
    film = read_film(tmp_path / "a.png", (0, 100))
    assert film.dtype == np.uint8
    assert (film.min(), film.max()) == (0, 255)


def test_a_plain_film_has_no_percentiles_to_window_by(tmp_path):
    Image.new("L", (4, 4), 9).save(tmp_path / "a.png")
    with pytest.raises(
        FilmError, match=r"a\.png: percentiles 1 and 99 of its grey values are both 9, so no window lies"
    ):
        read_film(tmp_path / "a.png", (1, 99))


def test_the_preview_in_a_jpeg_of_several_pictures_is_left_alone(tmp_path):
    first, preview = Image.new("L", (32, 16), 200), Image.new("L", (8, 4), 10)
    first.save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=[preview])
    film = read_film(tmp_path / "a.jpg")
    assert film.shape == (16, 32)
    assert film.min() > 190


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


def test_sixteen_bit_colour_is_not_cut_to_eight_in_silence(tmp_path):
    row = b"\0" + struct.pack(">6H", *[1000] * 6)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0)), (b"IDAT", zlib.compress(row)), (b"IEND", b"")]
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    (tmp_path / "a.png").write_bytes(png)
    assert "holds colours of 16 bits each, which would be cut." in refused(tmp_path / "a.png")


def test_sixteen_bit_colour_of_a_tiff_is_not_cut_either(tmp_path):
    # Pillow writes none: RGB of 8 bits, and the bits a sample set to 16, as its header would say.
    pixels = np.full((2, 2, 3), 1000, "<u2").tobytes()
    tags = [(256, 3, 2), (257, 3, 2), (258, 3, 0), (259, 3, 1), (262, 3, 2), (273, 4, 0), (277, 3, 3), (279, 4, 24)]
    after = 8 + 2 + 12 * len(tags) + 4
    entries = b"".join(
        struct.pack("<HHII", tag, kind, 3 if tag == 258 else 1, {258: after, 273: after + 6}.get(tag, value))
        for tag, kind, value in tags
    )
    header = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I3H", 0, 16, 16, 16)
    (tmp_path / "a.tiff").write_bytes(header + pixels)
    assert "holds colours of 16 bits each, which would be cut." in refused(tmp_path / "a.tiff")


def test_floating_point_is_refused(tmp_path):
    Image.fromarray(GREY.astype(np.float32)).save(tmp_path / "a.tiff")
    assert "holds floating-point numbers, and what is black and what is white is not known." in refused(
        tmp_path / "a.tiff"
    )


@pytest.mark.parametrize("values", [[-1, 0], [0, 65536]])
def test_values_beyond_sixteen_bits_are_refused(tmp_path, values):
    Image.fromarray(np.array([values], np.int32)).save(tmp_path / "a.tiff")
    said = f"holds values from {values[0]} to {values[1]}, and 0 to 65535 can be kept."
    assert said in refused(tmp_path / "a.tiff")


@pytest.mark.parametrize("suffix", ["tiff", "gif", "png"])
def test_several_pictures_in_one_file_are_refused(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    first, *rest = (Image.fromarray(GREY + number) for number in range(3))
    first.save(path, save_all=True, append_images=rest)
    assert "holds 3 pictures (pages or frames). Write each film into a file of its own." in refused(path)


def test_postscript_is_not_run(tmp_path):
    (tmp_path / "a.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n")
    assert "is no picture that can be read" in refused(tmp_path / "a.png")


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
    assert "is no picture that can be read (PNG, JPEG, BMP, TIFF and DICOM are)." in refused(tmp_path / "a.png")


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

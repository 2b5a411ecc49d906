"""Films of a store as an array."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from ra_bench.cohorts import film_rows
from ra_bench.cohorts.film_rows import FilmRows
from ra_bench.training.standard import spread_of_films

SHAPE = (6, 8)
PIXELS = np.random.default_rng(0).integers(0, 256, (5, *SHAPE)).astype(np.uint8)
ORDER = [3, 0, 4, 2]


@pytest.fixture
def rows(tmp_path):
    """Four of five films, in another order than they lie in; the last that lies there has 16 bits if asked."""

    def make(*, deep=False):
        stored = PIXELS.tobytes()[:-48] + (PIXELS[4].astype("<u2") * 3 if deep else PIXELS[4]).tobytes()
        (tmp_path / "films.bin").write_bytes(stored)
        bits = [16 if deep and place == 4 else 8 for place in ORDER]
        return FilmRows(tmp_path / "films.bin", starts=[48 * place for place in ORDER], bits=bits, shape=SHAPE)

    return make


@pytest.fixture
def array():
    return PIXELS[ORDER]


@pytest.mark.parametrize(
    "wanted",
    [
        *(0, -1, slice(None), slice(1, 3), slice(None, None, -2), slice(0, 0), [2, 1], np.array([True, False] * 2)),
        *((slice(None), 2, 3), (1, slice(2)), ([0, 3], slice(None), 1), (slice(0, 0), 1), (2, 5, 7)),
    ],
    ids=str,
)
def test_films_are_indexed_as_an_array_is(rows, array, wanted):
    found = np.asarray(rows()[wanted])
    assert found.dtype == np.uint8
    assert np.array_equal(found, array[wanted])
    assert found.shape == array[wanted].shape


@pytest.mark.parametrize("wanted", [4, -5, [9]])
def test_a_place_without_a_film_is_an_error_as_in_an_array(rows, wanted):
    with pytest.raises(IndexError):
        rows()[wanted]


def test_films_do_what_an_array_does(rows, array):
    films = rows()
    assert (films.shape, films.dtype, films.ndim, films.nbytes, len(films)) == ((4, 6, 8), np.uint8, 3, 192, 4)
    assert films.mean() == array.mean()
    assert np.array_equal(films[1:3].astype(np.float32) / 255, array[1:3].astype(np.float32) / 255)
    assert np.array_equal(films[:2] / 2, array[:2] / 2)
    assert np.array_equal(np.stack(list(films)), array)
    assert np.array_equal(np.zeros_like(films), np.zeros_like(array))
    assert not hasattr(films, "no_array_has_this")


def test_a_film_and_films_in_a_row_are_views_that_cannot_be_written_to(rows):
    films = rows()
    assert np.shares_memory(films[0], films[:1][0])
    assert films[2].base is not None
    with pytest.raises(ValueError, match="read-only"):
        films[0][0, 0] = 1
    with pytest.raises(ValueError, match="is a copy"):
        np.asarray(films, copy=False)


def test_one_film_of_sixteen_bits_makes_all_have_them_in_every_part(rows, array):
    films, expected = rows(deep=True), array.astype(np.uint16) * 257
    expected[2] = PIXELS[4].astype(np.uint16) * 3
    assert films.dtype == np.uint16
    assert np.array_equal(films, expected)
    assert films[:2].dtype == films[0].dtype == np.uint16  # also where none of the part has them itself
    assert np.array_equal(films[:2], expected[:2])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc/self/status")
def test_films_that_were_looked_at_do_not_stay_in_memory_and_views_of_them_stay_right(tmp_path, monkeypatch):
    shape, count = (1024, 1024), 64
    with (tmp_path / "films.bin").open("wb") as file:
        for place in range(count):
            file.write(bytes([place]) * 2**20)

    def mapped():
        return int(Path("/proc/self/status").read_text().split("RssFile:")[1].split()[0]) * 1024

    def growth(held):
        monkeypatch.setattr(film_rows, "_HELD", held)
        films = FilmRows(
            tmp_path / "films.bin", starts=[n * 2**20 for n in range(count)], bits=[8] * count, shape=shape
        )
        before, first = mapped(), films[0]
        most = max((int(film.max()), mapped() - before)[1] for film in films)
        assert (first == 0).all()
        assert [int(film.min()) for film in films] == list(range(count))
        return most

    assert growth(8 * 2**20) < 12 * 2**20
    assert growth(2**40) > 60 * 2**20  # what is held would be seen


def test_films_sent_to_another_process_are_mapped_there_and_not_sent(rows, array):
    sent = pickle.dumps(rows()[1:])
    assert np.array_equal(pickle.loads(sent), array[1:])
    assert PIXELS[0].tobytes() not in sent
    assert pickle.loads(pickle.dumps(rows(deep=True)[:2])).dtype == np.uint16


def test_the_spread_of_films_is_that_of_an_array_to_the_bit(rows, array):
    assert spread_of_films(rows()) == spread_of_films(array)

"""What is in a file's pixels, found out once."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ra_bench.cohorts.digests import DIGESTS, film_digests
from ra_bench.cohorts.load import load_cohort
from ra_bench.cohorts.store import DECODING, open_store
from ra_bench.cohorts.version import pixel_digest
from ra_bench.errors import FilmError, StorageError


@pytest.fixture
def digests(tmp_path):
    """Digests of films of one file each, kept in one folder."""
    return lambda *files, **options: [
        digest for (digest,) in film_digests([(file,) for file in files], **{"data": tmp_path / "data", **options})
    ]


def spoil(film):
    """Make a film unreadable, though size and time of change are as they were: only decoding would show it."""
    state = film.stat()
    film.write_bytes(b"x" * state.st_size)
    os.utime(film, ns=(state.st_atime_ns, state.st_mtime_ns))


def test_pixels_count_and_not_the_file(tmp_path, digests):
    pixels = np.random.default_rng(0).integers(0, 255, (9, 7), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png", compress_level=0)
    Image.fromarray(pixels).save(tmp_path / "b.bmp")
    assert digests(tmp_path / "a.png", tmp_path / "b.bmp") == [pixel_digest(pixels)] * 2


def test_a_film_that_did_not_change_is_not_decoded_again(tmp_path, save_film, digests):
    film = save_film(tmp_path / "a.png")
    first = digests(film)
    spoil(film)
    assert digests(film) == first


def test_a_film_that_changed_is_decoded_again(tmp_path, save_film, digests):
    film = save_film(tmp_path / "a.png", grey=1)
    first = digests(film)
    save_film(film, grey=2)
    os.utime(film, ns=(1, 1))
    assert digests(film) != first


def test_films_are_decoded_again_where_something_else_decodes_them(tmp_path, save_film, digests, monkeypatch):
    film = save_film(tmp_path / "a.png")
    digests(film)
    spoil(film)
    monkeypatch.setattr("ra_bench.cohorts.digests.decoding_version", lambda: "00000000")
    with pytest.raises(FilmError):
        digests(film)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": 0}', "3\n", '["key", "digest", "check"]\n', "\0\0\0"])
def test_digests_that_cannot_be_understood_cost_time_only(tmp_path, save_film, digests, text):
    film = save_film(tmp_path / "a.png")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / DIGESTS).write_text(text)
    first = digests(film)
    spoil(film)
    assert digests(film) == first  # and what was found out is kept behind them


def test_a_digest_that_was_spoilt_is_not_believed(tmp_path, save_film, digests):
    film = save_film(tmp_path / "a.png")
    (right,) = digests(film)
    file = tmp_path / "data" / DIGESTS
    key, digest, check = json.loads(file.read_text())
    file.write_text(json.dumps([key, digest[::-1], check]) + "\n")
    assert digests(film) == [right]


def test_digests_that_cannot_be_kept_cost_time_only(tmp_path, save_film, digests):
    film = save_film(tmp_path / "a.png")
    (tmp_path / "file").touch()
    assert digests(film, data=tmp_path / "file") == digests(film)


def test_many_films_are_decoded_in_order_by_several_processes(tmp_path, save_film, digests):
    films = [save_film(tmp_path / f"{i}.png", grey=i) for i in range(30)]
    calls = []
    found = digests(*films, on_films=lambda *call: calls.append(call))
    assert found[7] == digests(films[7], data=tmp_path / "other")[0]
    assert len(set(found)) == 30
    assert calls == [(DECODING, done, 30) for done in range(1, 31)]


def test_all_films_that_cannot_be_read_are_told_at_once_and_the_others_kept(tmp_path, save_film, digests):
    films = [save_film(tmp_path / f"{i}.png") for i in range(3)]
    films[0].write_bytes(b"")
    films[2].unlink()
    told = [
        "3 of 4 films cannot be used:",
        "  row 9: film 'z' is not there.",
        f"  {films[0]}: the file is empty (0 bytes).",
        f"  {films[2]}: there is no such file.",
    ]
    for _ in range(2):  # the second time the good one is known, and counted all the same
        with pytest.raises(FilmError) as caught:
            digests(*films, known_problems=["row 9: film 'z' is not there."])
        assert str(caught.value).splitlines() == told
    spoil(films[1])
    assert len(digests(films[1])) == 1


def test_a_window_is_another_film_and_is_kept_apart(tmp_path, digests):
    film = tmp_path / "a.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (9, 7), dtype=np.uint8)).save(film)
    plain, windowed = digests(film), digests(film, window=(5, 95))
    assert len({*plain, *windowed, *digests(film, window=(1, 99))}) == 3
    spoil(film)
    assert (digests(film), digests(film, window=(5, 95))) == (plain, windowed)


# --- a store that is filled on the way ---


@pytest.fixture
def hands(make_folder):
    """The cohort.toml of three films, the second of two hands, of which one has 16 bits."""
    file = make_folder(
        films={"a-L.png": 10, "a-R.png": 20, "b-L.png": 30, "b-R.png": 40},
        table="film,patient,A,B\na,1,10,12\nb,2,20,22\n",
    )
    file.write_text(
        file.read_text().replace('image = "film"\n', 'image = "film"\nleft = "{film}-L"\nright = "{film}-R"\n')
    )
    deep = np.full((30, 40), 4000, np.uint16)
    Image.fromarray(deep).save(file.parent / "films" / "b-R.png")
    return file


def stored(cohort, data):
    return open_store(cohort.samples, name=cohort.name, version=cohort.version, height=15, width=40, data=data)


def test_a_first_look_at_a_cohort_fills_the_store_and_each_film_is_decoded_once(hands, tmp_path):
    plain = stored(load_cohort(hands, tmp_path / "one"), tmp_path / "one")
    cohort = load_cohort(hands, tmp_path / "other", size=(15, 40))
    for film in (hands.parent / "films").iterdir():
        spoil(film)
    films = stored(cohort, tmp_path / "other")
    assert films.films.dtype == plain.films.dtype == np.uint16
    assert np.array_equal(films.films, plain.films)
    assert np.array_equal(films.sizes, plain.sizes)
    assert films.films[1, 7, [0, -1]].tolist() == [30 * 257, 4000]
    assert load_cohort(hands, tmp_path / "other", size=(15, 40)).version == cohort.version


def test_a_reading_that_was_mended_costs_no_decoding(hands, tmp_path):
    cohort = load_cohort(hands, tmp_path / "data", size=(15, 40))
    table = hands.parent / "readings.csv"
    table.write_text(table.read_text().replace("20,22", "20,23"))
    for film in (hands.parent / "films").iterdir():
        spoil(film)
    mended = load_cohort(hands, tmp_path / "data", size=(15, 40))
    assert mended.version != cohort.version
    assert len(stored(mended, tmp_path / "data").ids) == 2


def test_a_film_that_cannot_be_stored_is_told_before_its_digest_is_kept(hands, tmp_path, monkeypatch):
    from ra_bench.cohorts.film_log import StoreWriter

    def refuse(writer, film):
        raise StorageError("full")

    with monkeypatch.context() as patched:
        patched.setattr(StoreWriter, "add", refuse)
        with pytest.raises(StorageError, match="full"):
            load_cohort(hands, tmp_path / "data", size=(15, 40))
    assert not (tmp_path / "data" / DIGESTS).exists()
    assert len(load_cohort(hands, tmp_path / "data", size=(15, 40)).samples) == 2


def test_the_content_of_a_sample_is_that_of_its_pixels(hands, tmp_path):
    sample = load_cohort(hands, tmp_path / "data").samples[0]
    hand = np.full((30, 40), 10, np.uint8)
    assert sample.content == f"{pixel_digest(hand)} + {pixel_digest(hand + 10)}"
    assert replace(sample, content="") != sample

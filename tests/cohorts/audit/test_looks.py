"""Each film is decoded once, and what is kept of it is what was seen."""

import json
import os
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from PIL import Image
from scipy.fft import dctn

from ra_bench.cohorts.audit.kept_looks import LOOKS
from ra_bench.cohorts.audit.look import as_json, from_json, look_at, pattern_of
from ra_bench.cohorts.audit.looks import look_at_files, look_at_samples
from ra_bench.cohorts.film_log import StoreWriter
from ra_bench.cohorts.greys import DecodedFilm
from ra_bench.cohorts.load import load_cohort
from ra_bench.cohorts.parallel import Problem
from ra_bench.cohorts.store import DECODING, open_store
from ra_bench.cohorts.version import pixel_digest
from ra_bench.errors import StorageError


def noise(seed: int = 0, shape: tuple[int, int] = (40, 60)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture
def looked(tmp_path):
    """Looks at films of one file each, kept in one folder."""
    return lambda *files, **options: [
        look for (look,) in look_at_files([(file,) for file in files], **{"data": tmp_path / "data", **options})
    ]


@pytest.fixture
def digests(looked):
    return lambda *files, **options: [look.digest for look in looked(*files, **options)]


def spoil(film):
    """Make a film unreadable, though size and time of change are as they were: only decoding would show it."""
    state = film.stat()
    film.write_bytes(b"x" * state.st_size)
    os.utime(film, ns=(state.st_atime_ns, state.st_mtime_ns))


# --- what is kept of a film ---


def test_the_pattern_is_that_of_the_dct_of_scipy():
    small = np.random.default_rng(0).uniform(0, 255, (64, 64))
    waves = dctn(small, norm="ortho")[:16, :16]
    expected = waves > np.median(waves.ravel()[1:])
    expected[0, 0] = False
    assert np.array_equal(pattern_of(small), expected)


def test_a_look_survives_json():
    look = look_at(DecodedFilm(greys=noise(), history=(), pixel_spacing=(0.1, 0.2)))
    assert from_json(json.loads(json.dumps(as_json(look)))) == look
    assert (look.digest, look.height, look.width) == (pixel_digest(noise()), 40, 60)


def test_sixteen_bits_look_like_eight():
    eight = np.add.outer(np.arange(40), np.arange(60)).astype(np.uint8)
    deep = eight.astype(np.uint16) * np.uint16(257)
    one, other = (look_at(DecodedFilm(greys=greys, history=())) for greys in (eight, deep))
    apart = np.abs(np.frombuffer(one.thumbnail, np.uint8).astype(int) - np.frombuffer(other.thumbnail, np.uint8))
    assert apart.max() <= 1
    assert one.digest != other.digest


def test_the_thumbnail_is_the_mean_of_tiles():
    film = np.kron(np.arange(256, dtype=np.uint8).reshape(16, 16), np.ones((4, 4), np.uint8))
    look = look_at(DecodedFilm(greys=film, history=()))
    assert np.array_equal(np.frombuffer(look.thumbnail, np.uint8), np.arange(256))


def test_a_film_of_one_grey_value_has_no_pattern():
    assert look_at(DecodedFilm(greys=np.full((9, 9), 7, np.uint8), history=())).pattern == b""


# --- what is kept ---


def test_pixels_count_and_not_the_file(tmp_path, digests):
    Image.fromarray(noise()).save(tmp_path / "a.png", compress_level=0)
    Image.fromarray(noise()).save(tmp_path / "b.bmp")
    assert digests(tmp_path / "a.png", tmp_path / "b.bmp") == [pixel_digest(noise())] * 2


def test_a_film_that_did_not_change_is_not_decoded_again(tmp_path, save_film, looked):
    film = save_film(tmp_path / "a.png")
    first = looked(film)
    spoil(film)
    assert looked(film) == first


def test_a_film_that_changed_is_decoded_again(tmp_path, save_film, digests):
    film = save_film(tmp_path / "a.png", grey=1)
    first = digests(film)
    save_film(film, grey=2)
    os.utime(film, ns=(1, 1))
    assert digests(film) != first


def test_films_are_decoded_again_where_something_else_decodes_them(tmp_path, save_film, looked, monkeypatch):
    film = save_film(tmp_path / "a.png")
    looked(film)
    spoil(film)
    monkeypatch.setattr("ra_bench.cohorts.audit.kept_looks.looking_version", lambda: "00000000")
    assert isinstance(looked(film)[0], Problem)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"format": 0}', "3\n", '["key", "look", "check"]\n', '[["key"], [1], ""]\n', "\0\0\0"]
)
def test_looks_that_cannot_be_understood_cost_time_only(tmp_path, save_film, looked, text):
    film = save_film(tmp_path / "a.png")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / LOOKS).write_text(text)
    first = looked(film)
    spoil(film)
    assert looked(film) == first  # and what was found out is kept behind them


def test_a_look_that_was_spoilt_is_not_believed(tmp_path, save_film, looked):
    film = save_film(tmp_path / "a.png")
    right = looked(film)
    file = tmp_path / "data" / LOOKS
    key, look, check = json.loads(file.read_text())
    file.write_text(json.dumps([key, [look[0][::-1], *look[1:]], check]) + "\n")
    assert looked(film) == right


def test_looks_that_cannot_be_kept_cost_time_only(tmp_path, save_film, looked):
    film = save_film(tmp_path / "a.png")
    (tmp_path / "file").touch()
    assert looked(film, data=tmp_path / "file") == looked(film)


def test_many_films_are_decoded_in_order_by_several_processes(tmp_path, save_film, digests):
    films = [save_film(tmp_path / f"{i}.png", grey=i) for i in range(30)]
    calls = []
    found = digests(*films, on_films=lambda *call: calls.append(call))
    assert found[7] == digests(films[7], data=tmp_path / "other")[0]
    assert len(set(found)) == 30
    assert calls == [(DECODING, done, 30) for done in range(1, 31)]


def test_films_that_cannot_be_read_are_told_and_the_others_are_kept(tmp_path, save_film, looked):
    films = [save_film(tmp_path / f"{i}.png", grey=i) for i in range(3)]
    films[0].write_bytes(b"")
    films[2].unlink()
    empty, whole, gone = looked(*films)
    assert empty == Problem(sentence=f"{films[0]}: the file is empty (0 bytes).")
    assert gone == Problem(sentence=f"{films[2]}: there is no such file.")
    (line,) = (tmp_path / "data" / LOOKS).read_text().splitlines()
    assert json.loads(line)[1] == as_json(whole)


def test_of_two_hands_each_that_cannot_be_read_is_told(tmp_path, save_film):
    hands = [save_film(tmp_path / f"{i}.png", grey=i) for i in range(3)]
    hands[0].write_bytes(b"")
    hands[1].unlink()
    (both, one) = look_at_files([tuple(hands[:2]), (hands[2], hands[1])], data=tmp_path / "data", size=(9, 9))
    assert [problem.sentence for problem in both] == [
        f"{hands[0]}: the file is empty (0 bytes).",
        f"{hands[1]}: there is no such file.",
    ]
    assert (one[0].height, one[1]) == (30, both[1])


def test_where_no_film_can_be_read_nothing_is_kept(tmp_path, save_film, looked):
    film = save_film(tmp_path / "a.png")
    film.write_bytes(b"")
    looked(film)
    assert not (tmp_path / "data").exists()


def test_a_window_is_another_film_and_is_kept_apart(tmp_path, digests):
    film = tmp_path / "a.png"
    Image.fromarray(noise()).save(film)
    plain, windowed = digests(film), digests(film, window=(5, 95))
    assert len({*plain, *windowed, *digests(film, window=(1, 99))}) == 3
    spoil(film)
    assert (digests(film), digests(film, window=(5, 95))) == (plain, windowed)


def test_films_without_files_are_drawn_once(make_cohort, tmp_path):
    cohort = make_cohort(3)
    first = look_at_samples(cohort, data=tmp_path)
    samples = tuple(replace(sample, film=partial(int, "no film")) for sample in cohort.samples)
    assert look_at_samples(replace(cohort, samples=samples), data=tmp_path) == first
    fresh = look_at_samples(replace(cohort, samples=samples), data=tmp_path / "other")
    assert all(isinstance(look, Problem) for look in fresh)


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


def test_a_film_that_cannot_be_stored_is_told_before_its_look_is_kept(hands, tmp_path, monkeypatch):
    def refuse(writer, film):
        raise StorageError("full")

    with monkeypatch.context() as patched:
        patched.setattr(StoreWriter, "add", refuse)
        with pytest.raises(StorageError, match="full"):
            load_cohort(hands, tmp_path / "data", size=(15, 40))
    assert not (tmp_path / "data" / LOOKS).exists()
    assert len(load_cohort(hands, tmp_path / "data", size=(15, 40)).samples) == 2


def test_the_content_of_a_sample_is_that_of_its_pixels(hands, tmp_path):
    sample = load_cohort(hands, tmp_path / "data").samples[0]
    hand = np.full((30, 40), 10, np.uint8)
    assert sample.pixels == f"{pixel_digest(hand)} + {pixel_digest(hand + 10)}"
    assert replace(sample, pixels="") != sample

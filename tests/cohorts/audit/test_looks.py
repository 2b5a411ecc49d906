"""Each film is decoded once, and what is kept of it is what was seen."""

import json
import os
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from PIL import Image
from scipy.fft import dctn

from ra_bench.cohorts.audit.look import as_json, from_json, look_at, pattern_of
from ra_bench.cohorts.audit.looks import look_at_files, look_at_samples
from ra_bench.cohorts.greys import DecodedFilm
from ra_bench.cohorts.parallel import Problem
from ra_bench.cohorts.version import pixel_digest


def noise(seed: int = 0, shape: tuple[int, int] = (40, 60)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def digests(*args, **kwargs) -> list[str]:
    return [look.digest for look in look_at_files(*args, **kwargs)]


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


# --- the cache ---


def test_pixels_count_and_not_the_file(tmp_path):
    pixels = noise()
    Image.fromarray(pixels).save(tmp_path / "a.png", compress_level=0)
    Image.fromarray(pixels).save(tmp_path / "b.bmp")
    one, other = digests([tmp_path / "a.png", tmp_path / "b.bmp"])
    assert one == other == pixel_digest(pixels)


def test_a_film_that_did_not_change_is_not_decoded_again(tmp_path, save_film):
    film, cache = save_film(tmp_path / "a.png"), tmp_path / "cache.json"
    before = film.stat()
    first = look_at_files([film], cache=cache)
    film.write_bytes(b"x" * before.st_size)  # same size, same time: only decoding would show it
    os.utime(film, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert look_at_files([film], cache=cache) == first


def test_a_film_that_changed_is_decoded_again(tmp_path, save_film):
    film, cache = save_film(tmp_path / "a.png", grey=1), tmp_path / "cache.json"
    first = digests([film], cache=cache)
    save_film(film, grey=2)
    os.utime(film, ns=(1, 1))
    assert digests([film], cache=cache) != first


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"format": 1, "digests": {}}',
        '{"format": 2, "films": 3}',
        '{"format": 2, "films": {"a": [1]}}',
        '{"format": 2, "films": {"a": ["d", 1, 1, null, "AA==", ""]}}',
    ],
)
def test_a_cache_that_cannot_be_understood_costs_time_only(tmp_path, save_film, text):
    film, cache = save_film(tmp_path / "a.png"), tmp_path / "cache.json"
    cache.write_text(text)
    assert look_at_files([film], cache=cache) == look_at_files([film])
    assert json.loads(cache.read_text())["format"] == 2


def test_a_cache_that_cannot_be_written_costs_time_only(tmp_path, save_film):
    film = save_film(tmp_path / "a.png")
    (tmp_path / "file").touch()
    assert look_at_files([film], cache=tmp_path / "file" / "cache.json") == look_at_files([film])


def test_many_films_are_decoded_in_order_by_several_processes(tmp_path, save_film):
    films = [save_film(tmp_path / f"{i}.png", grey=i) for i in range(30)]
    calls = []
    found = digests(films, on_progress=lambda done, total: calls.append((done, total)))
    assert found[7] == digests(films[7:8])[0]
    assert len(set(found)) == 30
    assert calls == [(done, 30) for done in range(1, 31)]


def test_films_that_cannot_be_read_are_told_and_the_others_are_kept(tmp_path, save_film):
    films, cache = [save_film(tmp_path / f"{i}.png", grey=i) for i in range(3)], tmp_path / "cache.json"
    films[0].write_bytes(b"")
    films[2].unlink()
    empty, whole, gone = look_at_files(films, cache=cache)
    assert empty == Problem(sentence=f"{films[0]}: the file is empty (0 bytes).")
    assert gone == Problem(sentence=f"{films[2]}: there is no such file.")
    assert list(json.loads(cache.read_text())["films"].values()) == [as_json(whole)]


def test_where_no_film_can_be_read_nothing_is_kept(tmp_path, save_film):
    film = save_film(tmp_path / "a.png")
    film.write_bytes(b"")
    look_at_files([film], cache=tmp_path / "cache.json")
    assert not (tmp_path / "cache.json").exists()


def test_a_window_is_another_film_and_is_kept_apart_in_the_cache(tmp_path):
    film, cache = tmp_path / "a.png", tmp_path / "cache.json"
    Image.fromarray(noise()).save(film)
    plain, windowed = digests([film], cache=cache), digests([film], window=(5, 95), cache=cache)
    assert len({*plain, *windowed, *digests([film], window=(1, 99), cache=cache)}) == 3
    assert digests([film], cache=cache) == plain
    assert digests([film], window=(5, 95), cache=cache) == windowed


def test_films_without_files_are_drawn_once(make_cohort, tmp_path):
    cohort, cache = make_cohort(3), tmp_path / "cache.json"
    first = look_at_samples(cohort, cache=cache)
    samples = tuple(replace(sample, film=partial(int, "no film")) for sample in cohort.samples)
    assert look_at_samples(replace(cohort, samples=samples), cache=cache) == first
    assert all(isinstance(look, Problem) for look in look_at_samples(replace(cohort, samples=samples)))

"""What makes two cohorts the same."""

import hashlib
import json
import os
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ra_bench.cohorts.version import cohort_version, film_digests, generator_digest, pixel_digest
from ra_bench.errors import FilmError
from ra_bench.values import SVH_HANDS, Scale, Split


def version_of(cohort, **changes):
    fields = {"samples": cohort.samples, "scale": SVH_HANDS, "given_split": None}
    contents = {sample.sample_id: sample.sample_id for sample in cohort.samples}
    return cohort_version(**{**fields, "contents": contents, **changes})


def test_a_version_is_sixteen_hexadecimal_digits(make_cohort):
    version = version_of(make_cohort())
    assert len(version) == 16
    int(version, 16)


def test_the_order_of_films_does_not_matter(make_cohort):
    cohort = make_cohort()
    assert version_of(cohort) == version_of(cohort, samples=cohort.samples[::-1])


def test_one_pixel_matters(make_cohort):
    cohort = make_cohort()
    contents = {sample.sample_id: sample.sample_id for sample in cohort.samples} | {"film003": "other"}
    assert version_of(cohort) != version_of(cohort, contents=contents)


@pytest.mark.parametrize(
    "change", [{"sample_id": "film999"}, {"patient_id": "p999"}, {"visit": "2"}, {"readings": {"A": 0.5, "B": 2.0}}]
)
def test_ids_and_readings_matter(make_cohort, change):
    cohort = make_cohort()
    samples = (replace(cohort.samples[0], **change), *cohort.samples[1:])
    contents = {sample.sample_id: "same" for sample in (*cohort.samples, *samples)}
    assert version_of(cohort, contents=contents) != version_of(cohort, samples=samples, contents=contents)


def test_the_scale_matters(make_cohort):
    other = Scale(name="SvH, both hands", minimum=0, maximum=448, unit="SvH units")
    assert version_of(make_cohort()) != version_of(make_cohort(), scale=other)


def test_the_given_split_matters_but_not_its_order(make_cohort):
    def split(*train):
        return Split(train=train, validation=("film002",), test=("film003",), origin="given")

    cohort = make_cohort(5)
    one = version_of(cohort, given_split=split("film000", "film001"))
    assert one == version_of(cohort, given_split=split("film001", "film000"))
    assert one != version_of(cohort, given_split=split("film001"))
    assert one != version_of(cohort)


def test_a_simulation_is_known_by_its_sources_and_parameters(tmp_path):
    source = tmp_path / "film.py"
    source.write_text("a = 1")
    one = generator_digest([source], {"films": 10, "seed": 0})
    assert one == generator_digest([source], {"seed": 0, "films": 10})
    assert one != generator_digest([source], {"films": 10, "seed": 1})
    source.write_text("a = 2")
    assert one != generator_digest([source], {"films": 10, "seed": 0})


def test_pixels_count_and_not_the_file(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (9, 7), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png", compress_level=0)
    Image.fromarray(pixels).save(tmp_path / "b.bmp")
    one, other = film_digests([tmp_path / "a.png", tmp_path / "b.bmp"])
    assert one == other == pixel_digest(pixels)


def test_a_film_that_did_not_change_is_not_decoded_again(tmp_path, save_film):
    film, cache = save_film(tmp_path / "a.png"), tmp_path / "cache.json"
    before = film.stat()
    first = film_digests([film], cache=cache)
    film.write_bytes(b"x" * before.st_size)  # same size, same time: only decoding would show it
    os.utime(film, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert film_digests([film], cache=cache) == first


def test_a_film_that_changed_is_decoded_again(tmp_path, save_film):
    film, cache = save_film(tmp_path / "a.png", grey=1), tmp_path / "cache.json"
    first = film_digests([film], cache=cache)
    save_film(film, grey=2)
    os.utime(film, ns=(1, 1))
    assert film_digests([film], cache=cache) != first


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": 0, "digests": {}}', '{"format": 1, "digests": 3}'])
def test_a_cache_that_cannot_be_understood_costs_time_only(tmp_path, save_film, text):
    film, cache = save_film(tmp_path / "a.png"), tmp_path / "cache.json"
    cache.write_text(text)
    assert film_digests([film], cache=cache) == film_digests([film])
    assert json.loads(cache.read_text())["format"] == 1


def test_a_cache_that_cannot_be_written_costs_time_only(tmp_path, save_film):
    film = save_film(tmp_path / "a.png")
    (tmp_path / "file").touch()
    assert film_digests([film], cache=tmp_path / "file" / "cache.json") == film_digests([film])


def test_many_films_are_decoded_in_order_by_several_processes(tmp_path, save_film):
    films = [save_film(tmp_path / f"{i}.png", grey=i) for i in range(30)]
    calls = []
    digests = film_digests(films, on_progress=lambda done, total: calls.append((done, total)))
    assert digests[7] == film_digests(films[7:8])[0]
    assert len(set(digests)) == 30
    assert calls == [(done, 30) for done in range(1, 31)]


def test_all_films_that_cannot_be_read_are_told_at_once(tmp_path, save_film):
    films = [save_film(tmp_path / f"{i}.png") for i in range(3)]
    films[0].write_bytes(b"")
    films[2].unlink()
    with pytest.raises(FilmError) as caught:
        film_digests(films, known_problems=["row 9: film 'z' is not there."])
    lines = str(caught.value).splitlines()
    assert lines[0] == "3 of 4 films cannot be used:"
    assert lines[1:] == [
        "  row 9: film 'z' is not there.",
        f"  {films[0]}: the file is empty (0 bytes).",
        f"  {films[2]}: there is no such file.",
    ]


def test_eight_and_sixteen_bits_are_two_films_and_eight_keep_their_digest():
    film = np.arange(6, dtype=np.uint8).reshape(2, 3)
    # Versions that stand on boards are made of this: SHA-256 over "(2, 3)" and the bytes 0 to 5.
    assert pixel_digest(film) == hashlib.sha256(b"(2, 3)" + bytes(range(6))).hexdigest()
    assert pixel_digest(film.astype(np.uint16)) != pixel_digest(film)


def test_a_digest_does_not_depend_on_the_order_of_bytes_in_memory():
    film = np.arange(6, dtype="<u2").reshape(2, 3)
    assert pixel_digest(film.astype(">u2")) == pixel_digest(film)
    assert pixel_digest(np.asfortranarray(film)) == pixel_digest(film)


def test_a_window_is_another_film_and_is_kept_apart_in_the_cache(tmp_path):
    film, cache = tmp_path / "a.png", tmp_path / "cache.json"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (9, 7), dtype=np.uint8)).save(film)
    plain = film_digests([film], cache=cache)
    windowed = film_digests([film], window=(5, 95), cache=cache)
    assert len({plain, windowed, film_digests([film], window=(1, 99), cache=cache)}) == 3
    assert film_digests([film], cache=cache) == plain
    assert film_digests([film], window=(5, 95), cache=cache) == windowed

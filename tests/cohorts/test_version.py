"""What makes two cohorts the same."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from ra_bench.cohorts.version import cohort_version, generator_digest, pixel_digest
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


def test_eight_and_sixteen_bits_are_two_films_and_eight_keep_their_digest():
    film = np.arange(6, dtype=np.uint8).reshape(2, 3)
    # Versions that stand on boards are made of this: SHA-256 over "(2, 3)" and the bytes 0 to 5.
    assert pixel_digest(film) == hashlib.sha256(b"(2, 3)" + bytes(range(6))).hexdigest()
    assert pixel_digest(film.astype(np.uint16)) != pixel_digest(film)


def test_a_digest_does_not_depend_on_the_order_of_bytes_in_memory():
    film = np.arange(6, dtype="<u2").reshape(2, 3)
    assert pixel_digest(film.astype(">u2")) == pixel_digest(film)
    assert pixel_digest(np.asfortranarray(film)) == pixel_digest(film)

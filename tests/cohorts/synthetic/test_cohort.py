"""The simulated cohort as a cohort."""

import numpy as np
import pytest
from PIL import Image

from ra_bench.cohorts.load import load_cohort
from ra_bench.cohorts.synthetic.cohort import load_synthetic_hands, simulate_hands, write_synthetic_hands
from ra_bench.errors import CohortError, StorageError
from ra_bench.values import SVH_HANDS


def test_the_named_cohort_is_simulated_and_says_so(tmp_path):
    cohort = load_synthetic_hands(tmp_path)
    assert cohort.simulated
    assert len(cohort.samples) == 3000
    assert cohort.scale == SVH_HANDS
    assert any("Simulated films and simulated readers" in remark for remark in cohort.remarks)
    assert not list(tmp_path.iterdir())


def test_ids_patients_and_readers_are_named():
    sample = simulate_hands(5, 64, seed=1).samples[0]
    assert (sample.sample_id, sample.patient_id) == ("synthetic-0001", "patient-0001")
    assert set(sample.readings) == {"reader 1", "reader 2"}


def test_readings_are_on_the_scale():
    scores = [score for sample in simulate_hands(500, 64, seed=1).samples for score in sample.readings.values()]
    assert min(scores) >= 0
    assert max(scores) <= 280
    assert np.std(scores) > 10


def test_the_same_parameters_give_the_same_version():
    assert simulate_hands(5, 64, seed=1).version == simulate_hands(5, 64, seed=1).version


@pytest.mark.parametrize("other", [(6, 64, 1), (5, 96, 1), (5, 64, 2)])
def test_number_width_and_seed_are_part_of_the_version(other):
    assert simulate_hands(5, 64, 1).version != simulate_hands(*other).version


def test_films_are_drawn_at_the_width_asked_for_and_differ():
    one, other = (sample.film() for sample in simulate_hands(2, 96, seed=1).samples)
    assert one.shape == (72, 96)
    assert one.dtype == np.uint8
    assert not np.array_equal(one, other)


def test_a_film_is_the_same_every_time():
    film = simulate_hands(2, 96, seed=1).samples[0].film
    assert np.array_equal(film(), film())


def test_a_written_cohort_loads_as_any_other(tmp_path):
    file = write_synthetic_hands(tmp_path / "made", 3, 96, seed=4)
    cohort = load_cohort(file, tmp_path / "data")
    drawn = simulate_hands(3, 96, seed=4)
    assert cohort.name == "made"
    assert cohort.simulated
    assert [sample.sample_id for sample in cohort.samples] == [sample.sample_id for sample in drawn.samples]
    assert [sample.patient_id for sample in cohort.samples] == [sample.patient_id for sample in drawn.samples]
    assert [sample.readings for sample in cohort.samples] == [sample.readings for sample in drawn.samples]
    assert np.array_equal(cohort.samples[0].film(), drawn.samples[0].film())
    assert cohort.remarks == drawn.remarks


def test_a_written_cohort_is_the_same_from_the_same_seed(tmp_path):
    one, other = (write_synthetic_hands(tmp_path / name, 2, 64, seed=4).parent for name in ("a", "b"))
    for path in ("readings.csv", "films/synthetic-0001.png"):
        assert (one / path).read_bytes() == (other / path).read_bytes()


def test_films_are_plain_grey_png(tmp_path):
    file = write_synthetic_hands(tmp_path / "made", 1, 64, seed=4)
    with Image.open(file.parent / "films" / "synthetic-0001.png") as image:
        assert (image.format, image.mode, image.size) == ("PNG", "L", (64, 48))


def test_progress_is_told(tmp_path):
    calls = []
    write_synthetic_hands(tmp_path / "made", 2, 64, 4, on_progress=lambda *call: calls.append(call))
    assert calls == [(1, 2), (2, 2)]


def test_a_folder_with_something_in_it_is_not_written_over(tmp_path):
    (tmp_path / "mine").touch()
    with pytest.raises(CohortError, match="is there and not empty"):
        write_synthetic_hands(tmp_path, 1, 64, seed=0)


def test_an_empty_folder_may_be_filled(tmp_path):
    (tmp_path / "made").mkdir()
    assert write_synthetic_hands(tmp_path / "made", 1, 64, seed=0).is_file()


@pytest.mark.parametrize("numbers", [(0, 64, 0), (1, 63, 0), (1, 64, -1)])
def test_numbers_that_make_no_cohort_are_refused(tmp_path, numbers):
    with pytest.raises(CohortError, match="at least 1 film, 64 pixels and seed 0 are needed"):
        write_synthetic_hands(tmp_path / "made", *numbers)


def test_a_place_that_cannot_be_written_to_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"Cannot write the simulated cohort to .*\nNothing half-written was left"):
        write_synthetic_hands(tmp_path / "file" / "made", 1, 64, seed=0)

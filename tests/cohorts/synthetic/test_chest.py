"""Simulated chest films."""

import numpy as np
import pytest

from ra_bench.cohorts.layouts.chexpert import FINDINGS, label_array, read_chexpert
from ra_bench.cohorts.synthetic.chest import simulate_chest
from ra_bench.cohorts.synthetic.chest_film import draw_chest
from ra_bench.errors import StorageError

VISIBLE = [finding for finding in FINDINGS if finding != "No Finding"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chest")
    return folder, simulate_chest(folder, 250, seed=3)


def test_a_set_is_simulated_and_says_so(made):
    _, films = made
    assert films.simulated
    assert films.name == "synthetic-chest"
    assert films.findings == FINDINGS
    assert "Simulated" in films.citation


def test_films_are_read_by_the_chexpert_reader_with_laterals_left_out(made):
    folder, films = made
    (csv,) = folder.glob("*/CheXpert-v1.0-small/train.csv")
    everything = read_chexpert(csv, frontal_only=False)
    assert len(everything.samples) == 250
    assert 190 <= len(films.samples) <= 240


def test_some_patients_have_several_films(made):
    _, films = made
    patients = [sample.patient_id for sample in films.samples]
    assert 0.4 * len(patients) < len(set(patients)) < 0.9 * len(patients)


def test_labels_are_present_absent_uncertain_and_blank(made):
    labels = label_array(made[1])
    for value in (1, 0, -1):
        assert (labels == value).any(axis=0)[1:].all()
    assert np.isnan(labels).any(axis=0).all()


def test_films_decode(made):
    film = made[1].samples[0].film()
    assert film.shape == (160, 192)
    assert 60 < film.mean() < 200
    assert film.std() > 25


def test_a_second_call_writes_nothing(made):
    folder, films = made
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert simulate_chest(folder, 250, seed=3).version == films.version
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_the_same_seed_gives_the_same_films(made, tmp_path):
    again = simulate_chest(tmp_path, 250, seed=3)
    assert again.version == made[1].version
    assert np.array_equal(again.samples[5].film(), made[1].samples[5].film())


def test_the_version_knows_more_than_the_table(made):
    folder, films = made
    (csv,) = folder.glob("*/CheXpert-v1.0-small/train.csv")
    assert films.version != read_chexpert(csv).version  # what draws the films is in it


def test_another_seed_gives_other_films(made, tmp_path):
    assert simulate_chest(tmp_path, 20, seed=4).version != simulate_chest(tmp_path, 20, seed=5).version


def test_a_place_that_cannot_be_written_to_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(
        StorageError, match=r"Cannot write the simulated chest films to .*\nNothing half-written was left"
    ):
        simulate_chest(tmp_path / "file", 5, seed=0)


@pytest.mark.parametrize("finding", VISIBLE)
def test_every_finding_can_be_seen(finding):
    without = draw_chest(set(), view="Frontal", patient=1, film=1, seed=0).astype(float)
    shown = draw_chest({finding}, view="Frontal", patient=1, film=1, seed=0).astype(float)
    change = np.abs(shown - without - np.median(shown - without))  # a finding may shift the display curve a little
    assert 40 < (change > 12).sum() < 15_000


def test_cardiomegaly_widens_the_heart():
    normal, large = (
        draw_chest(findings, view="Frontal", patient=1, film=1, seed=0)[115, 30:160]  # a row through the heart
        for findings in (set(), {"Cardiomegaly"})
    )
    half = [(int(row.min()) + int(row.max())) / 2 for row in (normal, large)]
    assert (large > half[1]).sum() > (normal > half[0]).sum() + 8


def test_a_lateral_film_is_another_picture():
    frontal, lateral = (draw_chest(set(), view=view, patient=1, film=1, seed=0) for view in ("Frontal", "Lateral"))
    assert np.abs(frontal.astype(float) - lateral).mean() > 20

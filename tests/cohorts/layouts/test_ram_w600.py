"""RAM-W600's layout: wrists, six erosion sites, patient and visit in the film's name."""

import json

import numpy as np
import pytest
from PIL import Image

from ra_bench.cohorts.propose import propose_description
from ra_bench.errors import CohortError, TableError

SITES = ("DistalRadius", "DistalUlna", "Lunate", "Metacarpal1st", "Scaphoid", "Trapzium")
FILE = "JointBE_SvdH_GT.json"
THREE = {"0172_0003_L": {"Scaphoid": 3, "Lunate": 1}, "0172_0003_R": {"DistalUlna": 5}, "0180_0001_R": {}}


@pytest.fixture
def folder(tmp_path):
    """Write the JSON file with these sites by wrist (0 if not named) and films, L and RGB mixed, beside patches."""

    def write(wrists=THREE, *, content=None, name="{}.bmp"):
        home = tmp_path / "w600"
        for number, identifier in enumerate(wrists, start=1):
            grey = np.full((12, 12), 10 * number, np.uint8)
            film = np.stack([grey] * 3, axis=-1) if number % 2 else grey
            for path in (home / "images" / name.format(identifier), home / "patches" / identifier / "Lunate.bmp"):
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(film).save(path)
        entries = [{"identifier": key, "joints": dict.fromkeys(SITES, 0) | joints} for key, joints in wrists.items()]
        (home / FILE).write_text(json.dumps(entries if content is None else content))
        return home

    return write


def refused(load_layout, home, more=""):
    with pytest.raises(TableError) as caught:
        load_layout(home, "ram-w600", FILE, more=more)
    return str(caught.value).replace(str(home / FILE), "FILE")


def test_a_wrist_is_a_film_with_30_points_called_what_they_are(folder, load_layout):
    cohort = load_layout(folder(), "ram-w600", FILE)
    assert [(s.sample_id, s.patient_id, s.visit, s.readings["score"], s.film()[0, 0]) for s in cohort.samples] == [
        ("0172_0003_L", "0172", "0003", 4.0, 10),
        ("0172_0003_R", "0172", "0003", 5.0, 20),
        ("0180_0001_R", "0180", "0001", 0.0, 30),
    ]
    assert (cohort.scale.name, cohort.scale.maximum) == ("SvH erosion, 6 sites of one wrist", 30)
    assert cohort.remarks[0] == (
        "A partial SvH score: six erosion sites of the wrist, no joint space narrowing, no fingers."
    )


def test_two_wrists_of_a_visit_can_be_one_film(folder, load_layout):
    cohort = load_layout(folder(), "ram-w600", FILE, more="compose = true")
    (sample,) = cohort.samples
    assert (sample.sample_id, sample.patient_id, sample.visit, sample.readings) == (
        "0172_0003",
        "0172",
        "0003",
        {"score": 9.0},
    )
    assert (sample.film()[0, 0], sample.film()[0, 23]) == (10, 20)
    assert (cohort.scale.name, cohort.scale.maximum) == ("SvH erosion, 6 sites of two wrists", 60)
    assert "1 wrists have no film of the other hand and are left out, such as '0180_0001_R'." in cohort.remarks


def test_a_site_that_is_missing_leaves_the_wrist_out(folder, load_layout):
    wrists = THREE | {"0172_0003_R": {"DistalUlna": None}}
    cohort = load_layout(folder(wrists), "ram-w600", FILE)
    assert [s.sample_id for s in cohort.samples] == ["0172_0003_L", "0180_0001_R"]
    assert "1 of 3 films lack a part of the score and have no reading, such as '0172_0003_R' (DistalUlna)" in " ".join(
        cohort.remarks
    )


def test_a_site_that_is_missing_in_one_wrist_leaves_the_pair_out(folder, load_layout):
    wrists = THREE | {"0172_0003_R": {"DistalUlna": float("nan")}}
    with pytest.raises(CohortError, match=r"no row has a reading in score\. .* such as '0172_0003' \(DistalUlna\)"):
        load_layout(folder(wrists), "ram-w600", FILE, more="compose = true")


def test_films_with_another_ending_are_found(folder, load_layout):
    assert len(load_layout(folder(name="{}.BMP"), "ram-w600", FILE).samples) == 3


def test_the_ending_may_stand_in_the_identifier(folder, load_layout):
    home = folder({"0172_0003_L": {}})
    (home / FILE).write_text((home / FILE).read_text().replace("0003_L", "0003_L.bmp"))
    assert load_layout(home, "ram-w600", FILE).samples[0].sample_id == "0172_0003_L"


def test_a_grade_outside_is_told(folder, load_layout):
    message = refused(load_layout, folder(THREE | {"0172_0003_R": {"Lunate": 6}}))
    assert message == (
        "FILE, entry 2 ('0172_0003_R'), 'Lunate': found '6', outside 0 to 5, the grades of one part. Correct it."
    )


def test_true_is_no_grade(folder, load_layout):
    assert "'Lunate': found 'True', which is no number" in refused(load_layout, folder({"1_1_L": {"Lunate": True}}))


def test_a_name_without_visit_and_hand_is_told(folder, load_layout):
    message = refused(load_layout, folder({"0172_L": {}}))
    assert message.startswith("FILE, entry 1: found the identifier '0172_L', where patient, visit and hand must stand")


def test_a_wrist_twice_is_told(folder, load_layout):
    message = refused(load_layout, folder({"0172_0003_L": {}, "0172_0003_l": {}}))
    assert message == "FILE, entry 2: '0172_0003_l' stands in an earlier entry too. Keep one."


def test_a_site_too_many_is_told(folder, load_layout):
    message = refused(load_layout, folder({"0172_0003_L": {"Lunat": 1}}))
    assert message.startswith("FILE: 7 sites are named (DistalRadius, DistalUlna, Lunate,")


@pytest.mark.parametrize("content", [{}, [], "x"])
def test_what_is_no_list_is_told(folder, load_layout, content):
    assert refused(load_layout, folder(content=content)).startswith(
        "FILE: a list with an entry a wrist must stand here"
    )


@pytest.mark.parametrize("entry", [3, {"identifier": "1_1_L"}, {"joints": {}}])
def test_an_entry_that_lacks_something_is_told(folder, load_layout, entry):
    assert "entry 1: found " in refused(load_layout, folder(content=[entry]))


def test_joints_that_are_no_scores_are_told(folder, load_layout):
    message = refused(load_layout, folder(content=[{"identifier": "1_1_L", "joints": [1, 2]}]))
    assert message == "FILE, entry 1, 'joints': found [1, 2], where parts with their scores must stand."


def test_a_file_that_is_no_json_is_told(folder, load_layout):
    home = folder()
    (home / FILE).write_text("[\n{,}")
    assert refused(load_layout, home).startswith("FILE, row 2: is not JSON (")


def test_a_file_that_is_no_text_is_told(folder, load_layout):
    home = folder()
    (home / FILE).write_bytes(b"\xff\xfe")
    assert refused(load_layout, home) == "FILE: is not UTF-8 text. Fetch the file anew."


def test_a_number_without_end_is_told(folder, load_layout):
    home = folder()
    (home / FILE).write_text("[" + "9" * 5000 + "]")
    assert refused(load_layout, home).startswith("FILE: is not JSON that can be read (Exceeds the limit")


@pytest.mark.parametrize("grade", [10**400, float("inf"), -1])
def test_a_grade_of_any_size_is_told(folder, load_layout, grade):
    assert "outside 0 to 5, the grades of one part" in refused(load_layout, folder({"1_1_L": {"Lunate": grade}}))


def test_a_missing_file_is_told(folder, load_layout):
    home = folder()
    (home / FILE).unlink()
    assert refused(load_layout, home).startswith("Cannot read FILE: No such file or directory.")


def test_a_site_twice_in_one_wrist_is_told(folder, load_layout):
    home = folder()
    text = (home / FILE).read_text().replace('"Lunate": 1', '"Lunate": 1, "Lunate": 2')
    (home / FILE).write_text(text)
    assert refused(load_layout, home) == "FILE: 'Lunate' stands twice. Keep one."


def test_the_layout_is_known_by_its_file(folder):
    proposal = propose_description(folder())
    assert (proposal.description.layout, proposal.description.compose) == ("ram-w600", False)
    assert "Score: SvH erosion, 6 sites of one wrist, 0 to 30 SvH units." in proposal.guesses
    assert "Hands: those of a patient are two films; 'compose' changes it." in proposal.guesses

"""From a cohort.toml to a cohort."""

import pickle

import numpy as np
import pytest
from PIL import Image

from ra_bench.cohorts.audit.inspect import NO_PATIENTS
from ra_bench.cohorts.load import load_cohort
from ra_bench.errors import CohortError, DescriptionError, FilmError, LeakError, TableError


@pytest.fixture
def load(make_folder, tmp_path):
    """Write a folder as `make_folder` does and load it; `toml` maps texts of the description to others."""

    def load(*args, toml=None, **kwargs):
        file = make_folder(*args, **kwargs)
        text = file.read_text()
        for old, new in (toml or {}).items():
            assert old in text
            text = text.replace(old, new)
        file.write_text(text)
        return load_cohort(file, tmp_path / "data")

    return load


def test_a_cohort_has_films_patients_and_readings(load):
    cohort = load()
    assert cohort.name == "clinic"
    assert [sample.sample_id for sample in cohort.samples] == ["a", "b", "c"]
    assert cohort.samples[1].patient_id == "2"
    assert cohort.samples[1].readings == {"A": 20, "B": 22}
    assert cohort.samples[1].film()[0, 0] == 20
    assert cohort.remarks == ()
    assert len(cohort.version) == 16


def test_films_can_be_sent_to_another_process(load):
    film = pickle.loads(pickle.dumps(load().samples[2].film))
    assert film()[0, 0] == 30


def test_loading_twice_gives_the_same_version(load):
    assert load().version == load().version


def test_a_changed_reading_changes_the_version(load):
    assert load().version != load("film,patient,A,B\na,1,10,12\nb,2,20,22\nc,3,30,33\n").version


def test_a_changed_pixel_changes_the_version(load):
    assert load().version != load(films={"a.png": 10, "b.png": 20, "c.png": 31}).version


def test_facts_of_the_description_reach_the_cohort(load):
    facts = 'citation = "Us 2026"\nlicence = "CC BY 4.0"\nprivate = true\nsimulated = true\nremarks = ["Old films."]\n'
    cohort = load(toml={'name = "clinic"\n': f'name = "clinic"\n{facts}'})
    assert (cohort.citation, cohort.licence, cohort.private, cohort.simulated) == ("Us 2026", "CC BY 4.0", True, True)
    assert cohort.remarks == ("Old films.",)


# --- films ---


@pytest.mark.parametrize(
    "names", [("a.PNG", "b.Png", "c.png"), ("A.png", "B.png", "C.png"), ("x/a.png", "y/b.png", "c.png")]
)
def test_endings_case_and_folders_do_not_matter(load, names):
    films = dict(zip(names, (10, 20, 30), strict=True))
    assert [s.film()[0, 0] for s in load(films=films).samples] == [10, 20, 30]


def test_the_table_may_write_the_ending_or_not(load):
    cohort = load("film,patient,A,B\na.png,1,10,12\nb.bmp,2,20,22\nc,3,30,32\n")
    assert [sample.sample_id for sample in cohort.samples] == ["a", "b", "c"]


def test_a_hyphen_for_an_underscore_is_found(load):
    cohort = load("film,patient,A,B\nUAB-1_LH,1,10,12\n", films={"uab_1-lh.png": 5})
    assert cohort.samples[0].film()[0, 0] == 5


def test_a_folder_in_the_table_tells_films_of_one_name_apart(load):
    table = "film,patient,A,B\nx/a.png,1,10,12\ny/a.png,2,20,22\n"
    cohort = load(table, films={"x/a.png": 1, "y/a.png": 2})
    assert [sample.sample_id for sample in cohort.samples] == ["x/a", "y/a"]
    assert [sample.film()[0, 0] for sample in cohort.samples] == [1, 2]


def test_missing_ambiguous_and_unreadable_films_are_told_at_once(make_folder, tmp_path):
    table = "film,patient,A,B\na,1,10,12\nb,2,20,22\nc,3,30,32\nd,4,1,1\n"
    file = make_folder(table, films={"a.png": 1, "x/b.png": 2, "y/b.png": 2, "d.png": 3})
    broken = file.parent / "films" / "d.png"
    broken.write_bytes(b"")
    with pytest.raises(FilmError) as caught:
        load_cohort(file, tmp_path / "data")
    films = file.parent / "films"
    assert str(caught.value).splitlines() == [
        "2 of 4 films cannot be found:",
        (
            f"  row 3: film 'b' may be {films / 'x' / 'b.png'} and {films / 'y' / 'b.png'}. "
            "Keep one, or write the folder in the table too."
        ),
        "  row 4: film 'c' is not there.",
        "Put the films there, correct their names in the table, or take the rows out.",
        "1 of 4 films cannot be used:",
        f"  {broken}: the file is empty (0 bytes).",
        f"All of it at once: ra-bench cohort check {file}",
    ]


def test_films_that_are_all_missing_are_told_with_what_is_there(load):
    with pytest.raises(FilmError, match=r"has 1 films, such as 'z\.png': does the image column name them\?"):
        load(films={"z.png": 1})


def test_a_dicom_film_is_told_as_such_and_not_as_missing(make_folder, tmp_path):
    file = make_folder()
    film = file.parent / "films" / "a.png"
    film.rename(film.with_suffix(".dcm")).write_bytes(b"\0" * 128 + b"DICM")
    with pytest.raises(FilmError, match=r"a\.dcm: is a DICOM file without a picture"):
        load_cohort(file, tmp_path / "data")


def test_two_rows_for_one_file_are_told(load):
    table = "film,patient,A,B\na-1,1,10,12\na_1,2,20,22\n"
    with pytest.raises(CohortError, match=r"Two entries, row 2 and row 3, name one and the same film: .*a_1\.png"):
        load(table, films={"a_1.png": 1})


def test_a_missing_films_folder_is_told(load):
    with pytest.raises(CohortError, match=r"nowhere: there is no such folder\. Correct 'films' in cohort\.toml"):
        load(toml={'films = "films"': 'films = "nowhere"'})


def test_a_films_folder_without_films_is_told(make_folder, tmp_path):
    file = make_folder()
    (file.parent / "empty").mkdir()
    file.write_text(file.read_text().replace('films = "films"', 'films = "empty"'))
    with pytest.raises(CohortError, match=r"empty: no film \(PNG, JPEG, BMP, TIFF or DICOM\) in this folder or below"):
        load_cohort(file, tmp_path / "data")


def test_two_films_of_a_row_become_one_with_the_left_hand_on_the_left(load):
    cohort = load(
        films={"a-L.png": 10, "a-R.png": 20, "b-L.png": 30, "b-R.png": 40},
        table="film,patient,A,B,other hand\na,1,10,12,a-R\nb,2,20,22,b-R\n",
        toml={'image = "film"\n': 'image = "film"\nleft = "{film}-L"\nright = "other hand"\n'},
    )
    assert [sample.sample_id for sample in cohort.samples] == ["a", "b"]
    film = pickle.loads(pickle.dumps(cohort.samples[1].film))()
    assert (film.shape, film[0, 0], film[0, -1]) == ((30, 80), 30, 40)


def test_the_columns_of_both_hands_must_be_there(load):
    with pytest.raises(TableError, match=r"no column 'righthand'\. Found: film, patient, A, B"):
        load(toml={'image = "film"\n': 'image = "film"\nleft = "{film}-L"\nright = "righthand"\n'})


# --- what is left out, and what must be said ---


def test_films_without_a_reading_are_left_out_and_told(load):
    cohort = load("film,patient,A,B\na,1,10,12\nb,2,,\nc,3,,32\n")
    assert [sample.sample_id for sample in cohort.samples] == ["a", "c"]
    assert cohort.samples[1].readings == {"B": 32}
    assert cohort.remarks == ("1 of 3 films have no reading and are left out.",)


def test_a_film_without_a_reading_need_not_be_there(load):
    assert len(load("film,patient,A,B\na,1,10,12\nz,2,,\n").samples) == 1


def test_a_table_without_any_reading_is_refused(load):
    with pytest.raises(CohortError, match=r"no row has a reading in A, B\. Nothing can be learnt"):
        load("film,patient,A,B\na,1,,\n")


def test_without_a_patient_column_each_film_is_a_patient_and_it_is_told(load):
    cohort = load(toml={'patient = "patient"\n': ""})
    assert [sample.patient_id for sample in cohort.samples] == ["a", "b", "c"]
    assert cohort.remarks == (NO_PATIENTS,)


def test_one_score_a_film_is_told(load):
    cohort = load("film,patient,A\na,1,10\nb,2,20\nc,3,30\n", toml={'readers = ["A", "B"]': 'score = "A"'})
    assert cohort.samples[0].readings == {"A": 10}
    assert cohort.remarks == ("One score a film (column 'A'), so there is no row of readers.",)


def test_one_film_of_two_patients_is_a_leak(load):
    with pytest.raises(
        LeakError, match=r"Films 'a' \(patient '1', score 11\) and 'b' \(patient '2', score 21\) have the same"
    ):
        load(films={"a.png": 7, "b.png": 7, "c.png": 30})


def test_one_film_of_two_patients_may_be_allowed_and_is_then_told(load):
    table = "film,patient,A,B\na,1,10,12\nb,2,20,22\nc,3,30,32\n"
    allowed = {'name = "clinic"\n': 'name = "clinic"\nallow = ["film-of-two-patients"]\n'}
    cohort = load(table, films={"a.png": 7, "b.png": 7, "c.png": 30}, toml=allowed)
    assert [sample.patient_id for sample in cohort.samples] == ["1", "2", "3"]
    (said,) = cohort.remarks
    assert said.startswith("1 pair of films of different patients has the same pixels")
    assert said.endswith("; 1 of them with different scores; allowed by cohort.toml.")


def test_a_patient_on_two_sides_is_a_leak_that_may_be_allowed(load):
    table = "film,patient,A,B,set\na,1,10,12,train\nb,1,20,22,test\nc,3,30,32,\n"
    toml = {"[scale]": '[split]\ncolumn = "set"\n[scale]'}
    with pytest.raises(LeakError, match=r"Patient '1' stands on two sides of its split: train \(film 'a'\) and test"):
        load(table, toml=toml)
    cohort = load(table, toml={**toml, 'name = "clinic"\n': 'name = "clinic"\nallow = ["patient-on-two-sides"]\n'})
    assert cohort.allow == ("patient-on-two-sides",)
    assert any("1 patient stands on two sides of the split" in remark for remark in cohort.remarks)
    assert any(remark.endswith("allowed by cohort.toml.") for remark in cohort.remarks)


def test_leaks_of_every_kind_are_told_at_once(load):
    table = "film,patient,A,B,set\na,1,10,12,train\nb,1,20,22,test\nc,3,30,32,train\nd,4,1,1,test\n"
    with pytest.raises(FilmError) as caught:
        load(
            table,
            films={"b.png": 7, "c.png": 9, "d.png": 9},
            toml={"[scale]": '[split]\ncolumn = "set"\n[scale]'},
        )
    told = str(caught.value)
    assert "1 of 4 films cannot be found" in told
    assert "Films 'c' (patient '3', train, score 31) and 'd' (patient '4', test, score 1) have the same pixels" in told
    assert "Patient '1' stands on two sides of its split: train (film 'a') and test (film 'b')" in told


def test_an_error_that_cannot_be_allowed_is_told(load):
    with pytest.raises(DescriptionError, match=r"'allow\.0' is 'missing-films'; allowed: 'film-of-two-patients' or"):
        load(toml={'name = "clinic"\n': 'name = "clinic"\nallow = ["missing-films"]\n'})


def test_one_film_twice_counts_as_one_patient_where_patients_are_unknown(load):
    cohort = load(films={"a.png": 7, "b.png": 7, "c.png": 30}, toml={'patient = "patient"\n': ""})
    assert [sample.patient_id for sample in cohort.samples] == ["a", "a", "c"]
    said = "1 film has the same pixels as another; they count as one patient; 1 of them with different scores."
    assert said in cohort.remarks


def test_the_given_split_is_read(load):
    table = "film,patient,A,B,set\na,1,10,12,train\nb,2,20,22,test\nc,3,30,32,\n"
    cohort = load(table, toml={"[scale]": '[split]\ncolumn = "set"\n[scale]'})
    split = cohort.given_split
    assert (split.train, split.validation, split.test) == (("a",), (), ("b",))
    assert split.origin == "given by the cohort, column 'set'"
    assert cohort.remarks == ("1 films are on no side of the given split and are not used.",)


def test_a_window_is_applied_to_each_film_and_told(make_folder, tmp_path):
    file = make_folder()
    file.write_text("window = [0, 50]\n" + file.read_text())
    ramp = np.arange(400, dtype=np.uint16).reshape(20, 20) * np.uint16(100)
    for name, pixels in {"a": ramp, "b": ramp[::-1], "c": ramp.T}.items():
        Image.fromarray(np.ascontiguousarray(pixels)).save(file.parent / "films" / f"{name}.png")
    cohort = load_cohort(file, tmp_path / "data")
    film = cohort.samples[0].film()
    assert film.dtype == np.uint16
    assert np.array_equal(film, np.rint(np.clip(ramp / np.median(ramp), 0, 1) * 65535))
    said = "Percentiles 0 and 50 of each film's grey values are its black and its white."
    assert said in cohort.remarks

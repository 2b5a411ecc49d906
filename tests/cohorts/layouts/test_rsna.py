"""RSNA's layout: nested folders, ids with gaps, no patient."""

import pytest

from ra_bench.cohorts.audit.inspect import NO_PATIENTS
from ra_bench.cohorts.propose import propose_description
from ra_bench.errors import CohortError, FilmError, TableError

TABLE = "id,boneage,male\n1377,180,False\n1378,12,False\n1381,94,True\n"
NESTED = "boneage-training-dataset/boneage-training-dataset"
NAME = "boneage-training-dataset.csv"


@pytest.fixture
def folder(tmp_path, save_film):
    """Write the table and, in nested folders, the films."""

    def write(table=TABLE, films=("1377", "1378", "1381"), name=NAME):
        home = tmp_path / "rsna"
        for grey, film in enumerate(films, start=5):
            save_film(home / NESTED / f"{film}.png", grey)
        (home / name).write_text(table)
        return home

    return write


def test_films_are_found_in_nested_folders_with_bone_ages_as_scores(folder, load_layout):
    cohort = load_layout(folder(), "rsna", NAME)
    assert [(s.sample_id, s.readings["boneage"], s.film()[0, 0]) for s in cohort.samples] == [
        ("1377", 180, 5),
        ("1378", 12, 6),
        ("1381", 94, 7),
    ]
    assert (cohort.scale.name, cohort.scale.maximum, cohort.scale.unit) == ("bone age", 240, "months")


def test_no_patient_is_known_and_it_is_told(folder, load_layout):
    cohort = load_layout(folder(), "rsna", NAME)
    assert [s.patient_id for s in cohort.samples] == ["1377", "1378", "1381"]
    assert NO_PATIENTS in cohort.remarks
    assert "patient split not verifiable" in NO_PATIENTS
    assert "Bone age stands in for the score: numbers say nothing about SvH." in cohort.remarks


def test_labels_of_another_version_are_another_cohort(folder, load_layout):
    first = load_layout(folder(), "rsna", NAME).version
    assert load_layout(folder(TABLE.replace("94", "96.65")), "rsna", NAME).version != first


def test_a_film_that_is_not_there_is_told(folder, load_layout):
    with pytest.raises(FilmError, match=r"row 4: film '1381' is not there"):
        load_layout(folder(films=("1377", "1378")), "rsna", NAME)


def test_an_age_outside_is_told(folder, load_layout):
    with pytest.raises(TableError, match=r"row 3, column 'boneage': found '1200', where 0 to 240 months must stand"):
        load_layout(folder(TABLE.replace("1378,12", "1378,1200")), "rsna", NAME)


def test_an_id_twice_is_told(folder, load_layout):
    with pytest.raises(TableError, match=r"row 5, column 'id': film '1377.png' stands in row 2 too"):
        load_layout(folder(TABLE + "1377.png,180,False\n"), "rsna", NAME)


def test_a_row_without_an_id_is_told(folder, load_layout):
    with pytest.raises(TableError, match=r"row 5, column 'id': found '', where a film's number must stand"):
        load_layout(folder(TABLE + ",180,False\n"), "rsna", NAME)


def test_a_missing_column_is_told(folder, load_layout):
    with pytest.raises(
        TableError, match=r"no column 'boneage'\. RSNA's table has id, boneage, male; found id, age, male"
    ):
        load_layout(folder(TABLE.replace("boneage", "age")), "rsna", NAME)


def test_the_layout_is_known_by_its_table(folder):
    proposal = propose_description(folder())
    description = proposal.description
    assert (description.layout, description.table, description.films) == ("rsna", NAME, NESTED)
    assert any("no split can be shown to be by patient" in guess for guess in proposal.guesses)


def test_two_tables_of_a_layout_are_told(folder):
    home = folder()
    (home / "boneage-old.csv").write_text(TABLE)
    with pytest.raises(CohortError, match=r"2 tables have a known layout: boneage-old\.csv \(rsna\), boneage-training"):
        propose_description(home)

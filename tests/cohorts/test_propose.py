"""A first cohort.toml for a folder."""

import pytest

from ra_bench.cohorts.description import write_description
from ra_bench.cohorts.load import load_cohort
from ra_bench.cohorts.propose import propose_description
from ra_bench.errors import CohortError
from ra_bench.values import SVH_HANDS


@pytest.fixture
def propose(tmp_path, save_film):
    """Propose for a folder of three films and a table."""

    def make(table, *, name="readings.csv", films=("a.png", "b.png", "c.png"), folder="my films"):
        home = tmp_path / folder
        for grey, film in enumerate(films):
            save_film(home / film, grey)
        (home / name).write_text(table)
        proposal = propose_description(home)
        return proposal.description, "\n".join(proposal.guesses)

    return make


def test_readers_patient_visit_and_films_are_guessed(propose):
    description, guesses = propose(
        "film,Patient_ID,visit,reader 1,reader 2\na,1,0,10,12\nb,1,1,20,22\nc,2,0,3,5\n",
        films=("scans/a.png", "scans/b.png", "scans/c.png"),
        name="svh.csv",
    )
    assert description.name == "my-films"
    assert (description.table, description.films, description.image) == ("svh.csv", "scans", "film")
    assert (description.patient, description.visit) == ("Patient_ID", "visit")
    assert (description.readers, description.score) == (("reader 1", "reader 2"), None)
    assert description.scale == SVH_HANDS
    assert description.private
    assert "Film: column 'film'; 3 of 3 rows name a film that is there." in guesses
    assert "Patient: column 'Patient_ID'; films are split by it." in guesses
    assert "Visit: column 'visit'." in guesses
    assert "Readers: columns 'reader 1', 'reader 2'; the reference is their mean" in guesses
    assert "Scale: SvH, both hands, 0 to 280 (found 3 to 22)." in guesses
    assert "Private: yes" in guesses


def test_a_proposal_loads(propose, tmp_path):
    description, _ = propose("film,patient,score\na,1,10\nb,2,20\nc,3,30\n")
    write_description(description, tmp_path / "my films" / "cohort.toml")
    assert len(load_cohort(tmp_path / "my films" / "cohort.toml", tmp_path / "data").samples) == 3


def test_a_description_that_stands_elsewhere_has_full_paths(propose, tmp_path):
    propose("film,patient,score\na,1,10\nb,2,20\nc,3,30\n")
    (tmp_path / "other").mkdir()
    description = propose_description(tmp_path / "my films", home=tmp_path / "other").description
    write_description(description, tmp_path / "other" / "cohort.toml")
    assert len(load_cohort(tmp_path / "other" / "cohort.toml", tmp_path / "data").samples) == 3


def test_bone_age_stands_in_for_a_score(propose):
    description, guesses = propose("id,boneage,male\na,136,False\nb,42,True\nc,100,True\n")
    assert (description.score, description.image, description.patient) == ("boneage", "id", None)
    assert (description.scale.name, description.scale.maximum, description.scale.unit) == ("bone age", 240, "months")
    assert description.remarks == ("Bone age stands in for the score: numbers say nothing about SvH.",)
    assert "Patient: no column found" in guesses
    assert description.sex == "male"
    assert "Facts that no model sees: sex is column 'male'." in guesses


@pytest.mark.parametrize(
    "columns", ["score_1,score_2", "SvH A,SvH B", "svh1,svh2", "r1,r2", "rater_x,rater_y", "Expert1,Expert2"]
)
def test_reader_columns_are_known_by_many_names(propose, columns):
    description, _ = propose(f"film,{columns}\na,10,12\nb,20,22\nc,3,5\n")
    assert description.readers == tuple(columns.split(","))


@pytest.mark.parametrize("extra", ["sex", "male", "reader_ok"])
def test_columns_of_0_and_1_are_no_readers(propose, extra):
    description, _ = propose(f"film,score,{extra}\na,10,1\nb,20,0\nc,3,1\n")
    assert (description.readers, description.score) == ((), "score")


def test_text_is_no_reader(propose):
    description, _ = propose("film,score,reader\na,10,Miller\nb,20,Miller\nc,3,Smith\n")
    assert (description.readers, description.score) == ((), "score")


def test_age_is_no_score(propose):
    description, guesses = propose("film,age,damage\na,50,10\nb,60,20\nc,70,3\n")
    assert description.score == "damage"
    assert description.age == "age"
    assert "Facts that no model sees: age is column 'age'." in guesses


def test_of_several_scores_the_total_is_taken(propose):
    description, _ = propose("film,erosion_score,jsn_score,total_score\na,5,5,10\nb,10,10,20\nc,2,1,3\n")
    assert description.score == "total_score"


def test_scores_over_280_are_taken_for_hands_and_feet(propose):
    description, guesses = propose("film,sharp\na,300\nb,20\nc,3\n")
    assert description.scale.maximum == 448
    assert "Check that no feet are counted with hands." in guesses


def test_an_unknown_scale_is_what_was_found_rounded_outward(propose):
    description, guesses = propose("film,score\na,17\nb,62\nc,3\n")
    assert (description.scale.minimum, description.scale.maximum) == (0, 70)
    assert "Scale: unknown; 0 to 70 is what was found 3 to 62, rounded outward. Correct it in [scale]." in guesses


def test_the_split_is_guessed_with_its_words(propose):
    description, guesses = propose("film,score,split\na,10,Training\nb,20,val\nc,3,test\n")
    split = description.split
    assert (split.column, split.train, split.validation, split.test) == ("split", ("training",), ("val",), ("test",))
    assert "Split: column 'split'; train is training, validation is val, test is test." in guesses


def test_folds_are_no_split(propose):
    description, guesses = propose("film,score,fold\na,10,1\nb,20,2\nc,3,3\n")
    assert description.split is None
    assert "column 'fold' has '1', which says no side, so the column is not used." in guesses


def test_a_film_that_is_not_there_is_counted(propose):
    assert "column 'film'; 2 of 3 rows name a film that is there." in propose("film,score\na,10\nb,20\nz,3\n")[1]


# --- folders that cannot be described ---


def test_a_missing_folder_is_told(tmp_path):
    with pytest.raises(CohortError, match=r"nowhere: there is no such folder\. Give the folder that holds the table"):
        propose_description(tmp_path / "nowhere")


def test_a_folder_without_a_table_is_told(tmp_path, save_film):
    save_film(tmp_path / "a.png")
    with pytest.raises(
        CohortError, match=r"no table \(\.csv, \.tsv or \.xlsx\) in this folder\. One row a film is needed"
    ):
        propose_description(tmp_path)


def test_a_folder_with_a_spreadsheet_only_is_told(tmp_path, save_film):
    save_film(tmp_path / "a.png")
    (tmp_path / "t.xls").touch()
    with pytest.raises(
        CohortError, match=r"t\.xls cannot be read\. Save the sheet as xlsx or as 'CSV UTF-8' beside it"
    ):
        propose_description(tmp_path)


def test_several_tables_are_told(propose, tmp_path):
    (tmp_path / "my films").mkdir()
    (tmp_path / "my films" / "test.csv").write_text("film,score\nz,1\n")
    with pytest.raises(CohortError, match=r"2 tables \(readings\.csv, test\.csv\).* Keep one here"):
        propose("film,score\na,10\n")


def test_a_folder_without_films_is_told(tmp_path):
    (tmp_path / "t.csv").write_text("film,score\na,1\n")
    with pytest.raises(
        CohortError,
        match=r"no film in this folder or below\. Films are \.png, \.jpg, .*, \.dcm, \.dicom files",
    ):
        propose_description(tmp_path)


def test_a_table_that_names_no_film_is_told_with_what_stands_in_both(propose):
    with pytest.raises(
        CohortError, match=r"no column names the films\. The first row has id = 'x', score = '10'; a film"
    ):
        propose("id,score\nx,10\ny,20\n")


def test_a_table_without_a_score_is_told(propose):
    with pytest.raises(CohortError, match=r"none like readers; found no column of numbers\. Call the column 'score'"):
        propose("film,note\na,good\nb,bad\n")


def test_several_candidates_are_told(propose):
    with pytest.raises(CohortError, match=r"no single column looks like the score, .* found 'left', 'right'\."):
        propose("film,left,right\na,10,12\nb,20,22\nc,3,5\n")

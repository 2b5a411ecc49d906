"""Columns: as the user names them, or guessed from their headers, and said."""

from __future__ import annotations

import pytest

from ra_bench.cohorts.table import read_table
from ra_bench.errors import TableError
from ra_bench.reports.columns import Columns, find_columns


@pytest.fixture
def found(written):
    """What is made of a header, with a row of the numbers 1, 2, 3, ... below."""

    def find(header, row=None, **asked):
        cells = row or ",".join(str(number) for number in range(1, header.count(",") + 2))
        return find_columns(read_table(written(f"{header}\n{cells}\n")), Columns(**asked))

    return find


@pytest.mark.parametrize(
    ("header", "film", "predicted", "reference", "readers", "patient"),
    [
        ("id,predicted,reference", "id", "predicted", "reference", (), None),
        ("image,pred,truth,patient_id", "image", "pred", "truth", (), "patient_id"),
        ("Film Nr,AI score,Reader 1,Reader 2", "Film Nr", "AI score", None, ("Reader 1", "Reader 2"), None),
        ("filename,y_pred,y_true,PatientID", "filename", "y_pred", "y_true", (), "PatientID"),
        ("film,model output,svh_1,svh_2", "film", "model output", None, ("svh_1", "svh_2"), None),
        ("id,patient,reading:A,reading:B,predicted", "id", "predicted", None, ("reading:A", "reading:B"), "patient"),
        ("sample id,Predicted SvH,total score,age", "sample id", "Predicted SvH", "total score", (), None),
        ("id,prediction,rater 1", "id", "prediction", "rater 1", (), None),
        ("id,predicted,mean of readers", "id", "predicted", "mean of readers", (), None),
        ("patient,predicted,score", "patient", "predicted", "score", (), "patient"),
    ],
)
def test_headers_say_what_a_column_is(found, header, film, predicted, reference, readers, patient):
    assert found(header).columns == Columns(
        film=film, predicted=predicted, reference=reference, readers=readers, patient=patient
    )


def test_every_guess_is_said(found):
    assert found("Film Nr,AI score,Reader 1,Reader 2,age").guesses == (
        "Prediction: column 'AI score'.",
        "Film: column 'Film Nr'.",
        "Patient: no column found, so every film counts as a patient of its own.",
        "Readers: columns 'Reader 1', 'Reader 2'; the reference is the mean of their readings.",
        "Not used: 'age'.",
    )


def test_what_is_named_is_taken_whatever_its_case_and_not_said_again(found):
    result = found("a,b,c,d", film="A", predicted="B", reference="C", patient="D")
    assert result.columns == Columns(film="a", predicted="b", reference="c", patient="d")
    assert result.guesses == ()


def test_a_column_of_words_that_differ_names_the_films_where_no_header_does(found):
    assert found("scan label,predicted,reference", "left 7,2,3").columns.film == "scan label"


def test_a_model_column_with_names_is_no_prediction(found):
    assert found("id,model,predicted,reference", "1,net,2,3").columns.predicted == "predicted"


def test_readers_beside_a_reference_are_taken_and_the_other_way_is_told(found):
    result = found("id,predicted,Reader 1,Reader 2,consensus")
    assert result.columns.readers == ("Reader 1", "Reader 2")
    assert "Column 'consensus' looks like a reference too; --reference 'consensus' would take it." in result.guesses


def test_a_readers_comments_are_no_readings(found):
    result = found("id,predicted,Reader 1,Reader 1 comment", "1,2,3,poor film")
    assert (result.columns.reference, result.guesses[-1]) == ("Reader 1", "Not used: 'Reader 1 comment'.")


def test_films_that_the_model_learnt_from_are_doubted(written):
    table = read_table(written("id,predicted,reference,split\n1,2,3,train\n2,3,4,test\n"))
    assert find_columns(table, Columns()).guesses[-1] == (
        "Column 'split' says 'test', 'train': all rows count. Delete those that the model learnt from."
    )


def test_a_pattern_of_columns_names_the_films(found):
    result = found("patient,visit,predicted,reference", film="{Patient}_{visit}")
    assert result.columns.film == "{patient}_{visit}"
    assert "Not used" not in " ".join(result.guesses)


@pytest.mark.parametrize(
    ("header", "asked", "message"),
    [
        ("id,score", {}, "no column looks like a prediction. Found: id, score. Name it with --predicted COLUMN."),
        (
            "id,pred_a,pred_b,score",
            {},
            "2 columns may hold the prediction: 'pred_a', 'pred_b'. Choose one with --predicted COLUMN.",
        ),
        (
            "id,predicted,true svh,gold svh",
            {},
            "2 columns may hold the reference: 'true svh', 'gold svh'. Choose one with --reference COLUMN.",
        ),
        (
            "id,predicted",
            {},
            (
                "no column looks like a reference, and none like readers. Found: id, predicted. Name it with "
                "--reference COLUMN, name each reader with --reader COLUMN, or take the readings of a cohort with "
                "--dataset."
            ),
        ),
        (
            "predicted,score",
            {},
            (
                "no column names the films. Found: predicted, score. Name it with --film COLUMN, or add one with a "
                "name a film."
            ),
        ),
        (
            "id,predicted,score",
            {"predicted": "predictd"},
            "no column 'predictd'. Did you mean 'predicted'? Found: id, predicted, score.",
        ),
        (
            "id,predicted,score",
            {"predicted": "score", "reference": "score"},
            "column 'score' is named twice. Name another column for one of its uses.",
        ),
    ],
)
def test_what_cannot_be_guessed_is_asked_for(found, tmp_path, header, asked, message):
    with pytest.raises(TableError) as caught:
        found(header, **asked)
    assert str(caught.value) == f"{tmp_path / 'p.csv'}: {message}"


def test_a_reference_and_readers_exclude_each_other(found):
    with pytest.raises(TableError, match="--reference and --reader exclude each other: the reference is the mean of"):
        found("id,predicted,a,b", reference="a", readers=("b",))

"""ARISE's layout: a row a part and reader, NaN where a reader did not score."""

import pytest

from ra_bench.cohorts.propose import propose_description
from ra_bench.errors import CohortError, TableError

#: Hand, joint, finger, disease of each part. The wrist's two joints have one name and no finger.
PARTS = (
    ("left", "mcp", "index", "erosion"),
    ("left", "mcp", "index", "JSN"),
    ("left", "wrist", "", "erosion"),
    ("left", "wrist", "", "erosion"),
    ("right", "pip", "ring", "JSN"),
)
HEADER = ",patient_id,hand,joint,finger,disease,score,expert_id"


@pytest.fixture
def folder(tmp_path, save_film):
    """Write `scores.csv` with the scores of PARTS by patient and expert, and a film a patient."""

    def write(scores, *, parts=PARTS, header=HEADER):
        home = tmp_path / "arise"
        rows = [header]
        for number, patient in enumerate(dict.fromkeys(patient for patient, _ in scores)):
            save_film(home / "jpeg" / f"{patient}.jpeg", 10 + 10 * number)
        for (patient, expert), given in scores.items():
            for index, ((hand, joint, finger, disease), score) in enumerate(zip(parts, given, strict=True)):
                rows.append(f"{index},{patient},{hand},{joint},{finger},{disease},{score},{expert}")
        (home / "scores.csv").write_text("\n".join(rows) + "\n")
        return home

    return write


def test_three_readers_sum_their_own_parts(folder, load_layout):
    scores = {
        ("101", "1"): (5, 4, 3, 1, 2),
        ("101", "2"): (1, 0, 0, 0, 0),
        ("101", "3"): ("2.0", 0, 0, 1, 0),
        ("102", "1"): (0, 0, 0, 0, 0),
    }
    cohort = load_layout(folder(scores), "arise", "scores.csv", "jpeg")
    assert [(s.sample_id, s.patient_id, s.readings) for s in cohort.samples] == [
        ("101", "101", {"expert 1": 15.0, "expert 2": 1.0, "expert 3": 3.0}),
        ("102", "102", {"expert 1": 0.0}),
    ]


def test_the_scale_is_named_as_what_it_is(folder, load_layout):
    cohort = load_layout(folder({("101", "1"): (5, 4, 3, 1, 2)}), "arise", "scores.csv", "jpeg")
    assert (cohort.scale.name, cohort.scale.maximum) == ("sum of 3 erosion and 2 JSN parts", 23)  # 3 x 5 + 2 x 4
    assert cohort.remarks == (
        "The score sums 3 erosion and 2 JSN parts, all that anybody scored; SvH of both hands has 32 and 30.",
    )


def test_all_parts_of_svh_are_svh_of_both_hands(folder, load_layout):
    parts = [("left", f"joint{i}", "f", disease) for disease, n in (("erosion", 32), ("JSN", 30)) for i in range(n)]
    cohort = load_layout(folder({("101", "1"): [1] * 62}, parts=parts), "arise", "scores.csv", "jpeg")
    assert (cohort.scale.name, cohort.scale.maximum) == ("SvH, both hands", 280)
    assert cohort.samples[0].readings == {"expert 1": 62.0}
    assert cohort.remarks == ()


def test_a_part_that_a_reader_did_not_score_leaves_out_the_reading_and_is_told(folder, load_layout):
    scores = {("101", "1"): (5, 4, 3, 1, 2), ("101", "2"): (1, "NaN", 0, 0, 0), ("102", "2"): (1, 1, 1, 1, 1)}
    cohort = load_layout(folder(scores), "arise", "scores.csv", "jpeg")
    assert [s.readings for s in cohort.samples] == [{"expert 1": 15.0}, {"expert 2": 5.0}]
    assert cohort.remarks[1] == (
        "1 of 2 films lack a part by one reader or more, such as '101' (expert 2: left mcp index jsn); "
        "these readings are left out: a missing part is not 0."
    )


def test_a_part_that_nobody_scored_anywhere_is_no_part(folder, load_layout):
    scores = {("101", "1"): (5, 4, 3, 1, "NaN"), ("102", "1"): (1, 1, 1, 1, "")}
    cohort = load_layout(folder(scores), "arise", "scores.csv", "jpeg")
    assert [s.readings["expert 1"] for s in cohort.samples] == [13.0, 4.0]
    assert cohort.scale.name == "sum of 3 erosion and 1 JSN parts"


def test_a_joint_of_the_wrist_that_is_missing_is_missed_though_others_share_its_name(folder, load_layout):
    scores = {("101", "1"): (5, 4, 3, 1, 2), ("102", "1"): (1, 1, 1, "", 1)}
    cohort = load_layout(folder(scores), "arise", "scores.csv", "jpeg")
    assert [s.sample_id for s in cohort.samples] == ["101"]
    assert "'102' (expert 1: left wrist erosion no. 2)" in cohort.remarks[1]


def refused(load_layout, home, kind=TableError):
    with pytest.raises(kind) as caught:
        load_layout(home, "arise", "scores.csv", "jpeg")
    return str(caught.value).replace(str(home / "scores.csv"), "FILE")


def test_a_joint_scored_twice_by_one_reader_is_told(folder, load_layout):
    home = folder({("101", "1"): (5, 4, 3, 1, 2)})
    with (home / "scores.csv").open("a") as table:
        table.write("9,101,left,mcp,index,erosion,4,1\n")
    assert refused(load_layout, home) == (
        "FILE, row 7, column 'score': expert 1 scored erosion of left mcp index of patient '101' in row 2 too. "
        "Keep one."
    )


def test_a_grade_outside_is_told(folder, load_layout):
    message = refused(load_layout, folder({("101", "1"): (5, 5, 3, 1, 2)}))
    assert message == "FILE, row 3, column 'score': found '5', outside 0 to 4, the grades of one part. Correct it."


def test_another_disease_is_told(folder, load_layout):
    parts = (*PARTS[:4], ("right", "pip", "ring", "cyst"))
    message = refused(load_layout, folder({("101", "1"): (1, 1, 1, 1, 1)}, parts=parts))
    assert message == "FILE, row 6, column 'disease': found 'cyst', where JSN or erosion must stand."


def test_a_row_without_a_hand_is_told(folder, load_layout):
    parts = (*PARTS[:4], ("", "pip", "ring", "JSN"))
    message = refused(load_layout, folder({("101", "1"): (1, 1, 1, 1, 1)}, parts=parts))
    assert message == "FILE, row 6, column 'hand': found '', where a name must stand."


def test_a_missing_column_is_told(folder, load_layout):
    message = refused(
        load_layout, folder({("101", "1"): (1, 1, 1, 1, 1)}, header=HEADER.replace("expert_id", "expert"))
    )
    assert message.startswith("FILE: no column 'expert_id'. ARISE's scores.csv has patient_id, hand,")


def test_a_table_without_any_score_is_told(folder, load_layout):
    message = refused(load_layout, folder({("101", "1"): ("NaN",) * 5}))
    assert message == "FILE, column 'score': no row has a score."


def test_films_that_all_lack_a_part_are_told_with_the_reason(folder, load_layout):
    scores = {("101", "1"): (5, "", 3, 1, 2), ("102", "1"): (1, 1, "", 1, 1)}
    message = refused(load_layout, folder(scores), CohortError)
    assert message.startswith("FILE: no row has a reading in expert 1.")
    assert "2 of 2 films lack a part by one reader or more" in message


def test_the_layout_is_known_by_its_columns(folder):
    description = propose_description(folder({("101", "1"): (1, 1, 1, 1, 1)})).description
    assert (description.layout, description.table, description.films) == ("arise", "scores.csv", "jpeg")

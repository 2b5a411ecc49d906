"""RA2-DREAM's layout: feet never count, a missing joint is never 0, two films of hands become one."""

import pickle

import pytest

from ra_bench.cohorts.layouts.ra2_dream import HAND_PARTS
from ra_bench.cohorts.propose import propose_description
from ra_bench.errors import FilmError, LeakError, TableError
from ra_bench.values import SVH_HANDS

HAND = """mcp_E__ip pip_E__2 pip_E__3 pip_E__4 pip_E__5 mcp_E__1 mcp_E__2 mcp_E__3 mcp_E__4 mcp_E__5
    wrist_E__mc1 wrist_E__mul wrist_E__nav wrist_E__lunate wrist_E__radius wrist_E__ulna
    pip_J__2 pip_J__3 pip_J__4 pip_J__5 mcp_J__1 mcp_J__2 mcp_J__3 mcp_J__4 mcp_J__5
    wrist_J__cmc3 wrist_J__cmc4 wrist_J__cmc5 wrist_J__mna wrist_J__capnlun wrist_J__radcar""".split()  # noqa: SIM905  as the table's header has them
FOOT = [f"mtp_{kind}__{joint}" for kind in "EJ" for joint in ("ip", "1", "2", "3", "4", "5")]
SIDES = [f"{side}H_{part}" for side in "LR" for part in HAND] + [f"{side}F_{part}" for side in "LR" for part in FOOT]
COLUMNS = ["Patient_ID", "Overall_Tol", "Overall_erosion", "Overall_narrowing", *SIDES]


@pytest.fixture
def folder(tmp_path, save_film):
    """Write `training.csv` with these parts by patient (0 if not named) and four films a patient."""

    def write(patients, *, without=(), header=None, suffixes=(".jpg", ".JPG", ".jpg", ".Jpg")):
        home = tmp_path / "dream"
        rows = [",".join(header or COLUMNS)]
        for number, (patient, parts) in enumerate(patients.items()):
            cells = {"Patient_ID": patient, "Overall_Tol": 448, "Overall_erosion": 280, "Overall_narrowing": 168}
            cells |= dict.fromkeys(SIDES, 0) | parts
            rows.append(",".join(str(cells[column]) for column in COLUMNS))
            for place, (film, suffix) in enumerate(zip(("LH", "RH", "LF", "RF"), suffixes, strict=True)):
                if f"{patient}-{film}" not in without:
                    save_film(home / "films" / f"{patient}-{film}{suffix}", 10 + 50 * number + 10 * place)
        home.mkdir(exist_ok=True)
        (home / "training.csv").write_text("\n".join(rows) + "\n", encoding="utf-8-sig")
        return home

    return write


def test_the_table_has_90_columns_of_which_62_are_parts_of_hands_with_280_points():
    assert (len(COLUMNS), len(SIDES) - 24) == (90, 62)
    assert list(HAND_PARTS) == HAND
    assert 2 * sum(HAND_PARTS.values()) == 280


def test_the_hands_are_added_and_the_feet_are_not(folder, load_layout):
    parts = {"LH_mcp_E__ip": 5, "LH_wrist_J__cmc3": 4, "RH_pip_E__2": 3, "RH_mcp_J__5": "2", "LF_mtp_E__1": 10}
    home = folder({"UAB001": parts, "UAB002": {}})
    cohort = load_layout(home, "ra2-dream", "training.csv", "films", "compose = true")
    assert [(s.sample_id, s.patient_id, s.readings) for s in cohort.samples] == [
        ("UAB001", "UAB001", {"score": 14.0}),  # 5 + 4 + 3 + 2; the foot's 10 and Overall_Tol's 448 do not count
        ("UAB002", "UAB002", {"score": 0.0}),
    ]
    assert cohort.scale == SVH_HANDS
    assert cohort.remarks == (
        "One score a film (layout 'ra2-dream'), so there is no row of readers.",
        "4 films of the folder stand in no row of the table and are not used.",  # the feet
    )


def test_the_left_hand_lies_on_the_left_and_the_film_survives_pickling(folder, load_layout):
    cohort = load_layout(folder({"UAB001": {}}), "ra2-dream", "training.csv", "films", "compose = true")
    film = pickle.loads(pickle.dumps(cohort.samples[0].film))()
    assert film.shape == (30, 80)
    assert abs(int(film[15, 20]) - 10) <= 2
    assert abs(int(film[15, 60]) - 20) <= 2


def test_a_hand_alone_is_a_film_of_its_own_with_140_points(folder, load_layout):
    home = folder({"UAB001": {"LH_mcp_E__1": 5, "RH_mcp_J__1": 4}})
    cohort = load_layout(home, "ra2-dream", "training.csv", "films")
    assert [(s.sample_id, s.patient_id, s.readings["score"]) for s in cohort.samples] == [
        ("UAB001-LH", "UAB001", 5.0),
        ("UAB001-RH", "UAB001", 4.0),
    ]
    assert (cohort.scale.name, cohort.scale.maximum) == ("SvH, one hand", 140)


@pytest.mark.parametrize("cell", ["", "NaN", "NA"])
def test_a_missing_joint_leaves_the_film_out_and_is_told(folder, load_layout, cell):
    home = folder({"UAB001": {"RH_pip_J__3": cell}, "UAB002": {"LH_mcp_E__1": 2}})
    cohort = load_layout(home, "ra2-dream", "training.csv", "films", "compose = true")
    assert [(s.sample_id, s.readings["score"]) for s in cohort.samples] == [("UAB002", 2.0)]
    assert cohort.remarks[0] == (
        "1 of 2 films lack a part of the score and have no reading, such as 'UAB001' (RH_pip_J__3): "
        "a missing part is not 0."
    )


def test_a_missing_joint_of_one_hand_keeps_the_other_where_hands_are_alone(folder, load_layout):
    cohort = load_layout(folder({"UAB001": {"RH_pip_J__3": ""}}), "ra2-dream", "training.csv", "films")
    assert [s.sample_id for s in cohort.samples] == ["UAB001-LH"]


def test_a_missing_joint_of_a_foot_does_no_harm(folder, load_layout):
    home = folder({"UAB001": {"LF_mtp_J__2": ""}})
    assert len(load_layout(home, "ra2-dream", "training.csv", "films", "compose = true").samples) == 1


def test_the_version_knows_both_hands(folder, load_layout, save_film):
    home = folder({"UAB001": {}})
    before = load_layout(home, "ra2-dream", "training.csv", "films", "compose = true").version
    save_film(home / "films" / "UAB001-RH.JPG", 200)
    assert load_layout(home, "ra2-dream", "training.csv", "films", "compose = true").version != before


def test_a_missing_hand_is_told(folder, load_layout):
    home = folder({"UAB001": {}, "UAB002": {}}, without=["UAB002-RH"])
    with pytest.raises(FilmError, match=r"row 3: film 'UAB002-RH' is not there\."):
        load_layout(home, "ra2-dream", "training.csv", "films", "compose = true")


def test_a_hand_with_two_files_is_told(folder, load_layout, save_film):
    home = folder({"UAB001": {}})
    save_film(home / "films" / "UAB001-LH.png", 3)
    with pytest.raises(FilmError, match=r"film 'UAB001-LH' may be .*UAB001-LH\.jpg and .*UAB001-LH\.png\. Keep one"):
        load_layout(home, "ra2-dream", "training.csv", "films", "compose = true")


def test_one_film_for_both_hands_is_told(folder, load_layout, save_film):
    home = folder({"UAB001": {}})
    save_film(home / "films" / "UAB001-RH.JPG", 10)
    with pytest.raises(FilmError, match=r"'UAB001': the films of its left and its right hand have the same pixels"):
        load_layout(home, "ra2-dream", "training.csv", "films", "compose = true")


def test_one_hand_of_two_patients_is_a_leak(folder, load_layout, save_film):
    home = folder({"UAB001": {}, "UAB002": {}})
    save_film(home / "films" / "UAB002-LH.jpg", 10)
    with pytest.raises(
        LeakError, match=r"Films 'UAB001' \(patient 'UAB001', .*\) and 'UAB002' .* have the same pixels"
    ):
        load_layout(home, "ra2-dream", "training.csv", "films", "compose = true")


def test_a_grade_outside_is_told(folder, load_layout):
    home = folder({"UAB001": {}, "UAB002": {"LH_pip_J__2": 5}})
    with pytest.raises(TableError, match=r"row 3, column 'LH_pip_J__2': found '5', outside 0 to 4, the grades of one"):
        load_layout(home, "ra2-dream", "training.csv", "films")


def test_a_grade_that_is_no_number_is_told(folder, load_layout):
    home = folder({"UAB001": {"RH_wrist_E__ulna": "x"}})
    with pytest.raises(TableError, match=r"row 2, column 'RH_wrist_E__ulna': found 'x', which is no number"):
        load_layout(home, "ra2-dream", "training.csv", "films")


def test_a_missing_column_is_told_with_the_nearest(folder, load_layout):
    header = [column.replace("LH_wrist_E__ulna", "LH_wrist_E_ulna") for column in COLUMNS]
    with pytest.raises(
        TableError,
        match=r"no column 'LH_wrist_E__ulna', so no hand's score is whole\. Did you rename it to 'LH_wrist_E_ul",
    ):
        load_layout(folder({"UAB001": {}}, header=header), "ra2-dream", "training.csv", "films")


def test_a_patient_without_an_id_is_told(folder, load_layout):
    with pytest.raises(TableError, match=r"row 2, column 'Patient_ID': found '', where an id must stand"):
        load_layout(folder({"": {}}), "ra2-dream", "training.csv", "films")


def test_a_patient_twice_is_told(folder, load_layout):
    home = folder({"UAB001": {}})
    text = (home / "training.csv").read_text(encoding="utf-8-sig")
    (home / "training.csv").write_text(text + text.splitlines()[1] + "\n")
    with pytest.raises(TableError, match=r"row 3, column 'Patient_ID': 'UAB001' stands in row 2 too"):
        load_layout(home, "ra2-dream", "training.csv", "films")


def test_the_layout_is_known_by_its_columns(folder):
    proposal = propose_description(folder({"UAB001": {}}))
    description = proposal.description
    assert (description.layout, description.compose) == ("ra2-dream", True)
    assert (description.table, description.films) == ("training.csv", "films")
    assert description.scale == SVH_HANDS
    assert "Patient: known by the layout; films are split by it." in proposal.guesses
    assert "Hands: those of a patient are one film with both; 'compose' changes it." in proposal.guesses

"""Each fault is found where it was planted, and on a clean cohort nothing is."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ra_bench.cohorts.audit.inspect import inspect_described, inspect_loaded
from ra_bench.cohorts.synthetic.cohort import simulate_hands
from ra_bench.reports.check import report_cohort
from ra_bench.runs.protocols import find_protocol
from ra_bench.suite import open_suite
from ra_bench.values import Split


def read(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


# --- clean ---


def test_nothing_is_found_in_a_clean_cohort(folder):
    assert folder.check().findings == ()


def test_nothing_is_found_in_a_clean_cohort_with_a_split_and_facts(folder):
    folder.split()
    folder.set_column("hospital", lambda place, row: "ABC"[place % 3])
    folder.set_column("year", lambda place, row: str(2000 + place % 20))
    folder.describe('site = "hospital"\nyear = "year"')
    report = folder.check()
    assert report.findings == ()
    assert [one.name for one in report.shortcuts.found] == ["file size", "site", "year", "all together"]


def test_nothing_is_found_in_clean_films_without_files(tmp_path):
    cohort, protocol = simulate_hands(60, 64, 11), find_protocol(open_suite(data=tmp_path).registry, "quick")
    report = report_cohort(inspect_loaded(cohort, tmp_path), cohort.name, protocol)
    assert report.findings == ()
    assert report.simulated
    assert [side.films for side in report.sides] == [60, 42, 6, 12]


def test_no_film_is_decoded_twice(folder):
    folder.check()
    looked = []
    inspect_described(folder.path / "cohort.toml", folder.data, on_films=lambda *call: looked.append(call))
    assert looked == []


# --- films ---


def test_a_missing_film_is_found(folder):
    folder.film(7).unlink()
    assert {kind: finding.items for kind, finding in folder.findings().items()} == {
        "missing-films": ("row 9: film 'synthetic-0008' is not there.",)
    }


def test_an_extra_film_is_found(folder):
    rows = folder.rows
    folder.write_rows(rows[:-1])
    (finding,) = folder.check().findings
    assert (finding.kind, finding.level, finding.items) == ("extra-films", "warning", (f"{rows[-1]['film']}.png",))


def test_unreadable_films_are_all_found(folder):
    for place in range(30):
        folder.film(place).write_bytes(b"")
    report = folder.check()
    (finding,) = report.findings
    assert finding.kind == "unreadable-films"
    assert finding.items == tuple(f"{folder.film(place)}: the file is empty (0 bytes)." for place in range(30))
    assert report.version == ""
    assert report.sides[0].films == 70


def test_a_film_named_by_two_rows_is_found(folder):
    folder.set_column("image", lambda place, row: row["film"])
    folder.add_row(film="other", image="synthetic_0003")
    folder.describe("", section="")
    text = (folder.path / "cohort.toml").read_text().replace('image = "film"', 'image = "image"')
    (folder.path / "cohort.toml").write_text(text)
    found = folder.findings()
    assert list(found) == ["film-named-twice"]
    assert found["film-named-twice"].items[0].startswith("Two entries, row 4 and row 102, name one and the same film")


# --- copies ---


def test_one_film_of_two_patients_across_the_split_is_found(folder):
    folder.split()
    folder.save("copy.bmp", read(folder.film(0)))
    folder.add_row(film="copy", patient="new", set="test", **{"reader 1": "99", "reader 2": "99"})
    found = folder.findings()
    assert list(found) == ["film-of-two-patients"]
    assert found["film-of-two-patients"].level == "error"
    (item,) = found["film-of-two-patients"].items
    assert item.startswith("Films 'synthetic-0001' (patient 'patient-0001', train, score ")
    assert item.endswith("and 'copy' (patient 'new', test, score 99) have the same pixels")
    assert "with different scores" in found["film-of-two-patients"].said


def test_one_film_on_two_sides_is_found_where_patients_are_unknown(folder):
    folder.split()
    folder.save("copy.bmp", read(folder.film(0)))
    folder.add_row(film="copy", set="test")
    text = (folder.path / "cohort.toml").read_text().replace('patient = "patient"\n', "")
    (folder.path / "cohort.toml").write_text(text)
    found = folder.findings()
    assert {kind: finding.level for kind, finding in found.items()} == {
        "patient-on-two-sides": "error",
        "same-film-twice": "warning",
    }


COPIES = {
    "a JPEG": lambda film: jpeg(film, 60),
    "half the size": lambda film: resized(film, 0.5),
    "larger": lambda film: resized(film, 1.4),
    "brighter": lambda film: np.clip(film * 1.1, 0, 255).astype(np.uint8),
    "darker": lambda film: (film * 0.85).astype(np.uint8),
}


def jpeg(film: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(film).save(file, format="JPEG", quality=quality)
    return read(file)


def resized(film: np.ndarray, factor: float) -> np.ndarray:
    height, width = film.shape
    return np.asarray(Image.fromarray(film).resize((round(width * factor), round(height * factor))))


@pytest.mark.parametrize("change", COPIES.values(), ids=COPIES)
def test_a_changed_copy_of_a_film_is_found(folder, change):
    folder.save("copy.png", change(read(folder.film(4))))
    folder.add_row(film="copy", patient="new", **{"reader 1": "7", "reader 2": "8"})
    found = folder.findings()
    assert list(found) == ["near-duplicates"]
    (item,) = found["near-duplicates"].items
    assert item.startswith("Films 'synthetic-0005' (patient 'patient-0005', ")
    assert "and 'copy' (patient 'new', " in item
    assert found["near-duplicates"].level == "warning"


def test_a_changed_copy_across_a_drawn_split_is_told_with_its_sides(folder):
    rows = folder.rows
    for place in range(20):  # a copy of each of 20 films: of some the split parts them
        folder.save(f"copy{place}.png", jpeg(read(folder.film(place)), 80))
    folder.write_rows(rows + [{**rows[place], "film": f"copy{place}", "patient": f"c{place}"} for place in range(20)])
    (finding,) = folder.check().findings
    assert len(finding.items) == 20
    across = sum(item.count(", train,") == 1 for item in finding.items)
    assert across >= 3
    assert "of them on two sides of the split" in finding.said
    assert "different scores" not in finding.said


# --- leaks ---


def test_patients_on_two_sides_are_all_found(folder):
    folder.split()
    folder.set_column("patient", lambda place, row: "A" if place in {0, 4} else "B" if place in {1, 9} else f"p{place}")
    found = folder.findings()
    assert list(found) == ["patient-on-two-sides"]
    assert found["patient-on-two-sides"].items == (
        "Patient 'A' stands on two sides of its split: train (film 'synthetic-0001') and test (film 'synthetic-0005')",
        "Patient 'B' stands on two sides of its split: train (film 'synthetic-0002') and test (film 'synthetic-0010')",
    )


def test_an_allowed_leak_is_a_warning_and_the_split_is_as_given(folder):
    folder.split()
    folder.set_column("patient", lambda place, row: "A" if place in {0, 4} else f"p{place}")
    folder.describe('allow = ["patient-on-two-sides"]')
    report = folder.check()
    assert [(finding.kind, finding.level) for finding in report.findings] == [("patient-on-two-sides", "warning")]
    assert report.findings[0].said.endswith("; allowed by cohort.toml")
    assert report.version
    assert {side.name: side.films for side in report.sides}["test"] == 20


def test_a_leak_of_a_cohort_without_files_is_found(make_cohort, tmp_path):
    own = Split(train=("film000",), validation=("film002",), test=("film001", "film003"), origin="given")
    found = inspect_loaded(make_cohort(2, 2, given_split=own), tmp_path)
    assert [finding.kind for finding in found.findings] == ["patient-on-two-sides"]
    allowed = replace(make_cohort(2, 2, given_split=own), allow=("patient-on-two-sides",))
    assert [finding.level for finding in inspect_loaded(allowed, tmp_path).findings] == ["warning"]


def test_a_side_without_films_is_found(folder):
    folder.split()
    folder.set_column("set", lambda place, row: "train")
    found = folder.findings()
    assert list(found) == ["no-split"]
    assert "has no test films" in found["no-split"].said


# --- turned films ---


@pytest.mark.parametrize(
    ("turns", "way"), [(1, "turned by 90° to the left"), (2, "turned by 180°"), (3, "turned by 90° to the right")]
)
def test_turned_films_are_found(folder, turns, way):
    for place in (3, 50):
        Image.fromarray(np.rot90(read(folder.film(place)), turns)).save(folder.film(place))
    found = folder.findings()
    assert found.pop("turned-films").items == (f"'synthetic-0004': {way}", f"'synthetic-0051': {way}")
    assert found == {}


def test_mirrored_films_are_found_where_films_have_a_marker_on_one_side(folder):
    for place in range(len(folder.rows)):
        film = read(folder.film(place)).copy()
        film[4:12, 6:16] = 255
        Image.fromarray(film[:, ::-1] if place in {11, 80} else film).save(folder.film(place))
    found = folder.findings()
    assert found.pop("turned-films").items == ("'synthetic-0012': mirrored", "'synthetic-0081': mirrored")
    assert found == {}


def test_what_cannot_be_judged_is_said(folder):
    said = "Whether films are mirrored could not be judged: it changes the median film of this cohort too little."
    assert said in folder.check().notes
    folder.write_rows(folder.rows[:19])
    assert "Whether films are turned was not judged: it takes 20 films or more." in folder.check().notes


# --- shortcuts ---


def score(row: dict[str, str]) -> float:
    return (float(row["reader 1"]) + float(row["reader 2"])) / 2


def test_a_marker_that_goes_with_the_score_is_found(folder):
    middle = np.median([score(row) for row in folder.rows])
    folder.set_column("letter", lambda place, row: "R" if (score(row) > middle) != (place % 10 == 0) else "L")
    folder.describe('marker = "letter"')
    found = folder.findings()
    assert list(found) == ["shortcut"]
    assert found["shortcut"].items[0].startswith("marker alone predicts ")
    assert not any(item.startswith("file size") for item in found["shortcut"].items)


def test_a_file_size_that_goes_with_the_score_is_found(folder):
    for place, row in enumerate(folder.rows):
        with folder.film(place).open("ab") as file:
            file.write(b"\0" * int(60 * score(row)))
    found = folder.findings()
    assert list(found) == ["shortcut"]
    assert [item.split(" alone")[0] for item in found["shortcut"].items] == ["file size"]


def test_films_of_another_size_where_the_score_is_high_are_found(folder):
    for place, row in enumerate(folder.rows):
        if score(row) > 50:
            Image.fromarray(resized(read(folder.film(place)), 1.25)).save(folder.film(place))
    items = folder.findings()["shortcut"].items
    assert any(item.startswith("pixel dimensions alone predicts") for item in items)


# --- scores and readers ---


def test_scores_that_only_the_test_has_are_found(folder):
    folder.set_column("set", lambda place, row: "test" if score(row) > 60 else "train")
    folder.describe("", section='[split]\ncolumn = "set"\n')
    found = folder.findings()
    assert list(found) == ["uncovered-scores"]
    assert any("training has no film, so that models guess there" in item for item in found["uncovered-scores"].items)
    assert any("the test has no film" in item for item in found["uncovered-scores"].items)


def test_a_reader_that_is_a_copy_of_another_is_found(folder):
    folder.set_column("reader 2", lambda place, row: row["reader 1"])
    assert list(folder.findings()) == ["readers-the-same"]


def test_a_reader_whose_rows_are_shifted_is_found(folder):
    shifted = [row["reader 2"] for row in folder.rows]
    folder.set_column("reader 2", lambda place, row: shifted[place - 1])
    assert list(folder.findings()) == ["readers-disagree"]

"""Layouts by name in cohort.toml: what they settle, what is refused, what is written and read back."""

import pytest

from ra_bench.cohorts.description import complete_description, read_description, write_description
from ra_bench.cohorts.findings_file import load_findings_file
from ra_bench.cohorts.layouts.chexpert import FINDINGS, VIEW
from ra_bench.cohorts.layouts.known import LAYOUTS
from ra_bench.cohorts.load import load_cohort
from ra_bench.cohorts.propose import propose_description
from ra_bench.errors import CohortError, DescriptionError
from ra_bench.reports.known_films import films_described

ROW = "CheXpert-v1.0-small/train/patient00001/study1/view1_frontal.jpg,Female,68,Frontal,AP" + 14 * "," + "\n"


@pytest.fixture
def file(tmp_path):
    """Write a cohort.toml with these lines."""

    def write(*lines):
        path = tmp_path / "cohort.toml"
        path.write_text("\n".join(('name = "c"', 'table = "t.csv"', *lines)))
        return path

    return write


def refused(path):
    with pytest.raises(DescriptionError) as caught:
        read_description(path)
    return str(caught.value).replace(str(path), "FILE")


def test_an_unknown_layout_is_told_with_the_nearest(file):
    assert refused(file('layout = "ra2dream"')) == (
        "FILE: unknown layout 'ra2dream'. Did you mean 'ra2-dream'? "
        "Known: generic, rsna, ra2-dream, ram-h1200, ram-w600, arise."
    )


def test_a_layout_that_is_no_text_is_told(file):
    assert "'layout' is 3; allowed: a valid string" in refused(file("layout = 3"))


def test_what_a_layout_settles_may_not_be_given_too(file):
    message = refused(file('layout = "rsna"', 'score = "boneage"'))
    assert message == "FILE: 'score' is given, but layout 'rsna' settles it. Delete 'score', or 'layout'."


@pytest.mark.parametrize("layout", ["generic", "rsna", "arise", "ram-h1200"])
def test_hands_that_the_layout_does_not_tell_are_not_composed(file, layout):
    message = refused(file(f'layout = "{layout}"', "compose = true"))
    assert message.startswith(
        f"FILE: 'compose' is true, but layout '{layout}' does not say which films are the two hand"
    )
    assert "Layouts that do: ra2-dream, ram-w600." in message


def test_hands_of_any_table_are_composed_by_columns(file):
    assert refused(file("compose = true")).endswith(
        "In a table with one row for two films, give 'left' and 'right' instead."
    )


def test_chexpert_is_no_cohort(file):
    message = refused(file('layout = "chexpert"'))
    assert "findings and no score: a set for pretraining, no cohort. It is for 'ra-bench pretrain MODEL" in message
    assert message.endswith("See docs/how-to/pretrain.md.")


def test_a_folder_with_chexperts_table_is_told(tmp_path, save_film):
    save_film(tmp_path / "train" / "patient00001" / "study1" / "view1_frontal.jpg")
    (tmp_path / "train.csv").write_text(",".join(("Path", "Sex", "Age", VIEW, "AP/PA", *FINDINGS)) + "\n")
    with pytest.raises(
        CohortError, match=r"has CheXpert's layout: findings of chests .* See docs/how-to/pretrain\.md"
    ) as caught:
        propose_description(tmp_path)
    (tmp_path / "cohort.toml").write_text(str(caught.value).split("\n", 1)[1])  # the lines that it says to write
    (tmp_path / "train.csv").write_text((tmp_path / "train.csv").read_text() + ROW)
    assert len(load_findings_file(tmp_path / "cohort.toml").samples) == 1


def test_the_generic_table_may_be_named(make_folder, tmp_path):
    path = make_folder()
    path.write_text('layout = "generic"\n' + path.read_text())
    assert len(load_cohort(path, tmp_path / "data").samples) == 3


def test_citation_and_licence_may_be_given_instead_of_the_layouts(file):
    description = read_description(file('layout = "ram-h1200"', 'licence = "as agreed"'))
    assert description.licence == "as agreed"
    assert description.citation.startswith("RAM-H1200")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_written_is_read_back(tmp_path, layout):
    path = tmp_path / "cohort.toml"
    content = {"name": "c", "table": "t", "layout": layout, "compose": LAYOUTS[layout].composes}
    description = complete_description(content, path)
    write_description(description, path)
    assert read_description(path) == description


def test_what_is_written_explains_its_keys_and_leaves_out_what_the_layout_settles(tmp_path):
    path = tmp_path / "cohort.toml"
    write_description(complete_description({"name": "c", "table": "t.csv", "layout": "rsna"}, path), path)
    text = path.read_text()
    assert 'what the columns mean, which scale the score has, and who is whose patient.\nlayout = "rsna"' in text
    assert "scale]" not in text


def test_predictions_are_measured_against_a_layouts_readings_without_opening_films(tmp_path):
    (tmp_path / "boneage-training-dataset.csv").write_text("id,boneage,male\n1377,180,False\n")
    path = tmp_path / "cohort.toml"
    path.write_text('name = "c"\ntable = "boneage-training-dataset.csv"\nlayout = "rsna"\n')
    known = films_described(path)
    assert known.readings == {"1377": {"boneage": 180.0}}
    assert (known.readers, known.patients_known, known.scale.maximum) == (("boneage",), False, 240)


def test_a_workbook_is_described_and_loaded(tmp_path, save_film):
    openpyxl = pytest.importorskip("openpyxl")
    for grey, film in enumerate(("007", "008"), start=1):
        save_film(tmp_path / "films" / f"{film}.png", grey)
    workbook = openpyxl.Workbook()
    for row in (["film ", "patient", "svh total"], [7, "A", 12], [8, "B", 30]):
        workbook.active.append(row)
    for cell in ("A2", "A3"):
        workbook.active[cell].number_format = "000"
    workbook.save(tmp_path / "scores.xlsx")
    (tmp_path / "~$scores.xlsx").write_bytes(b"open")
    description = propose_description(tmp_path).description
    assert (description.table, description.image, description.score) == ("scores.xlsx", "film", "svh total")
    write_description(description, tmp_path / "cohort.toml")
    cohort = load_cohort(tmp_path / "cohort.toml", tmp_path / "data")
    assert [(s.sample_id, s.readings["svh total"]) for s in cohort.samples] == [("007", 12), ("008", 30)]

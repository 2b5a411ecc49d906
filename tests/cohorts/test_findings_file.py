"""`cohort.toml` of a pretraining set."""

import pytest

from ra_bench.cohorts.findings_file import load_findings_file
from ra_bench.cohorts.layouts.chexpert import CITATION, FINDINGS, LICENCE
from ra_bench.errors import DescriptionError, TableError

HEADER = ",".join(["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *FINDINGS])
BLANK = "," * len(FINDINGS)


@pytest.fixture
def file(tmp_path, save_film):
    """Write a cohort.toml beside a table of a frontal and a lateral film."""

    def write(*lines):
        folder = tmp_path / "train" / "patient00001" / "study1"
        save_film(folder / "view1_frontal.jpg")
        save_film(folder / "view2_lateral.jpg")
        rows = (
            f"CheXpert-v1.0/train/patient00001/study1/view1_frontal.jpg,Male,60,Frontal,AP{BLANK}",
            f"CheXpert-v1.0/train/patient00001/study1/view2_lateral.jpg,Male,60,Lateral,{BLANK}",
        )
        (tmp_path / "train.csv").write_text("\n".join([HEADER, *rows]) + "\n")
        path = tmp_path / "cohort.toml"
        path.write_text("\n".join(lines))
        return path

    return write


def refused(path, error=DescriptionError):
    with pytest.raises(error) as caught:
        load_findings_file(path)
    return str(caught.value).replace(str(path), "FILE")


def test_two_lines_are_enough(file):
    films = load_findings_file(file('name = "chests"', 'layout = "chexpert"'))
    assert (films.name, films.citation, films.licence, films.simulated) == ("chests", CITATION, LICENCE, False)
    assert len(films.samples) == 1
    assert films.remarks == ("Frontal films only: 1 laterals left out.",)


def test_laterals_are_taken_if_wanted(file):
    films = load_findings_file(file('name = "chests"', 'layout = "chexpert"', "laterals = true"))
    assert len(films.samples) == 2
    assert films.remarks == ()


def test_what_it_says_is_kept(file):
    lines = ('citation = "Us."', 'licence = "Ours."', "simulated = true", 'remarks = ["Drawn."]')
    films = load_findings_file(file('name = "chests"', 'layout = "chexpert"', *lines))
    assert (films.citation, films.licence, films.simulated) == ("Us.", "Ours.", True)
    assert films.remarks[-1] == "Drawn."


def test_the_version_depends_on_the_films_and_not_on_the_name(file):
    one = load_findings_file(file('name = "a"', 'layout = "chexpert"')).version
    assert one == load_findings_file(file('name = "b"', 'layout = "chexpert"')).version
    assert one != load_findings_file(file('name = "a"', 'layout = "chexpert"', "laterals = true")).version


def test_another_layout_is_for_runs(file):
    assert refused(file('name = "hands"', 'layout = "ram-w600"')) == (
        "FILE: 'layout' is 'ram-w600'; a set to pretrain on has the layout 'chexpert'. "
        "Films with scores are for 'ra-bench run'."
    )
    assert "'layout' is 'not given'" in refused(file('name = "hands"'))


def test_an_unknown_key_is_told_with_the_nearest(file):
    message = refused(file('name = "a"', 'layout = "chexpert"', "lateral = true"))
    assert message.startswith("FILE: unknown key 'lateral'. Did you mean 'laterals'? Known: name, layout, table")


def test_a_missing_name_and_a_wrong_value_are_told(file):
    assert refused(file('layout = "chexpert"')) == "FILE: 'name' is missing. Add it."
    message = refused(file('name = "a"', 'layout = "chexpert"', 'laterals = "no"'))
    assert message == "FILE: 'laterals' is 'no'; allowed: a valid boolean."


def test_a_file_that_is_not_there_or_no_toml_is_told(file, tmp_path):
    assert "No such file or directory. Check the path" in refused(tmp_path / "none.toml")
    assert refused(file("name = ")).startswith("FILE is not valid TOML")


def test_a_table_that_is_not_there_is_told(file):
    assert "there is no such file" in refused(file('name = "a"', 'layout = "chexpert"', 'table = "t.csv"'), TableError)

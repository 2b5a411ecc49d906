"""cohort.toml: read, checked, written."""

import re
from dataclasses import replace

import pytest

from ra_bench.cohorts.description import Description, SplitColumn, read_description, write_description
from ra_bench.errors import DescriptionError, StorageError
from ra_bench.values import SVH_HANDS

TEXT = """
name = "clinic"
table = "readings.csv"
image = "film"
readers = ["A", "B"]

[scale]
name = "SvH, both hands"
minimum = 0
maximum = 280
unit = "SvH units"
"""
DESCRIPTION = Description(
    name="clinic", table="readings.csv", image="film", readers=("A", "B"), scale=SVH_HANDS, remarks=("One.", "Two.")
)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "cohort.toml"


def refused(file, text):
    file.write_text(text)
    with pytest.raises(DescriptionError) as caught:
        read_description(file)
    message = str(caught.value)
    assert message.startswith(str(file)) or f" {file}" in message
    return message.replace(str(file), "FILE")


def test_what_is_needed_is_enough(file):
    file.write_text(TEXT)
    assert read_description(file) == replace(DESCRIPTION, remarks=())


def test_a_byte_order_mark_does_no_harm(file):
    file.write_text(TEXT, encoding="utf-8-sig")
    assert read_description(file).name == "clinic"


def test_every_key_is_read(file):
    file.write_text(
        'films = "f"\npatient = "p"\nvisit = "v"\ncitation = "c"\nlicence = "l"\nprivate = true\nsimulated = true\n'
        'remarks = ["r"]\n' + TEXT + '[split]\ncolumn = "set"\ntrain = ["a"]\nvalidation = []\ntest = ["b", "c"]\n'
    )
    assert read_description(file) == Description(
        name="clinic",
        table="readings.csv",
        films="f",
        image="film",
        readers=("A", "B"),
        patient="p",
        visit="v",
        citation="c",
        licence="l",
        private=True,
        simulated=True,
        remarks=("r",),
        scale=SVH_HANDS,
        split=SplitColumn(column="set", train=("a",), validation=(), test=("b", "c")),
    )


def test_a_missing_file_tells_how_to_make_one(file):
    with pytest.raises(DescriptionError, match=r"No such file.*write one with 'ra-bench cohort init FOLDER'"):
        read_description(file)


def test_text_that_is_not_toml_is_told_with_its_line(file):
    assert "FILE is not valid TOML: " in refused(file, "name = clinic")
    assert "line 1" in refused(file, "name = clinic")


def test_bytes_that_are_no_text_are_told(file):
    file.write_bytes(b'name = "\xff"')
    with pytest.raises(DescriptionError, match="is not valid TOML"):
        read_description(file)


def test_an_unknown_key_is_told_with_the_nearest(file):
    message = refused(file, 'pateint = "p"\n' + TEXT)
    assert message.startswith("FILE: unknown key 'pateint'. Did you mean 'patient'? Known: name, table, films, ")


def test_an_unknown_key_of_the_scale_is_told_with_the_nearest(file):
    message = refused(file, TEXT + "maximun = 3\n")
    assert message.startswith("FILE: unknown key 'scale.maximun'. Did you mean 'scale.maximum'? Known: scale.name, ")


def test_an_unknown_key_of_the_split_is_told_with_the_nearest(file):
    message = refused(file, TEXT + '[split]\ncolumn = "s"\ntrian = []\n')
    assert message.startswith("FILE: unknown key 'split.trian'. Did you mean 'split.train'?")


def test_a_missing_key_is_told(file):
    assert refused(file, TEXT.replace('image = "film"', "")).startswith("FILE: 'image' is missing. Add it; ")


def test_a_missing_key_of_the_scale_is_told(file):
    assert refused(file, TEXT.replace("minimum = 0", "")).startswith("FILE: 'scale.minimum' is missing.")


def test_all_mistakes_are_told_at_once(file):
    assert len(refused(file, 'name = 3\nx = 1\n[scale]\nname = "n"\n').splitlines()) > 4


def test_a_wrong_type_is_told_with_what_was_found(file):
    message = refused(file, TEXT.replace("maximum = 280", 'maximum = "280"'))
    assert message == "FILE: 'scale.maximum' is '280'; allowed: a valid number."


def test_a_scale_that_is_no_section_is_told(file):
    message = refused(file, 'scale = "SvH"\n' + TEXT.partition("[scale]")[0])
    assert message == "FILE: 'scale' is 'SvH'; allowed: a section, [scale], with keys of its own."


@pytest.mark.parametrize("minimum", ["280", "300", "nan", "-inf"])
def test_a_scale_without_room_is_told(file, minimum):
    message = refused(file, TEXT.replace("minimum = 0", f"minimum = {minimum}"))
    assert "both must be finite, and the minimum below the maximum." in message


def test_readers_and_score_together_are_told(file):
    assert "must be given; found both. Keep one." in refused(file, 'score = "s"\n' + TEXT)


def test_neither_readers_nor_score_is_told(file):
    assert "must be given; found neither." in refused(file, TEXT.replace('readers = ["A", "B"]', ""))


@pytest.mark.parametrize(("given", "absent"), [("left", "right"), ("right", "left")])
def test_one_hand_without_the_other_is_told(file, given, absent):
    message = refused(file, f'{given} = "{{film}}-L"\n' + TEXT)
    assert f"'{given}' is given and '{absent}' is not; a film of two hands needs both. Add '{absent}'." in message


def test_a_reader_twice_is_told(file):
    assert "'readers' names a column twice: A, A." in refused(file, TEXT.replace('"B"', '"A"'))


def test_a_word_for_two_sides_is_told(file):
    message = refused(file, TEXT + '[split]\ncolumn = "s"\ntrain = ["A"]\ntest = ["a"]\n')
    assert "'split' gives the word 'a' twice." in message


# --- written ---


@pytest.mark.parametrize(
    "description",
    [
        DESCRIPTION,
        replace(DESCRIPTION, readers=(), score="s", patient="p", visit="v", private=True, citation='He said "x"'),
        replace(DESCRIPTION, split=SplitColumn(column="set", validation=())),
    ],
)
def test_what_is_written_is_read_back(file, description):
    write_description(description, file)
    back = read_description(file)
    assert back == description or back == replace(description, split=SplitColumn(column="set", validation=()))


def test_an_empty_side_of_the_split_survives(file):
    write_description(replace(DESCRIPTION, split=SplitColumn(column="set", validation=())), file)
    assert read_description(file).split.validation == ()


def test_keys_are_explained(file):
    write_description(DESCRIPTION, file)
    text = file.read_text()
    assert "# The table, csv, tsv or xlsx: one row a film.\ntable = " in text
    assert "maximum = 280\n" in text
    assert "score =" not in text


def test_a_file_that_is_there_keeps_its_own_comments(file):
    file.write_text("# Asked Dr. A. on Monday.\n" + TEXT.replace('"clinic"', '"old"  # to be renamed'))
    write_description(DESCRIPTION, file)
    text = file.read_text()
    assert "# Asked Dr. A. on Monday." in text
    assert 'name = "clinic"  # to be renamed' in text
    assert read_description(file) == DESCRIPTION


def test_a_file_that_is_there_and_no_toml_is_left_alone(file):
    file.write_text("name = clinic")
    with pytest.raises(DescriptionError, match="Mend it, or move it away"):
        write_description(DESCRIPTION, file)
    assert file.read_text() == "name = clinic"


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        write_description(DESCRIPTION, tmp_path / "file" / "cohort.toml")


def test_a_window_is_read_and_written(file):
    file.write_text("window = [0.5, 99]\n" + TEXT)
    description = read_description(file)
    assert description.window == (0.5, 99)
    write_description(description, file)
    assert "window = [0.5, 99]" in file.read_text()
    assert read_description(file) == description


@pytest.mark.parametrize("window", ["[99, 1]", "[-1, 50]", "[50, 101]", "[5, 5]", "[nan, 5]"])
def test_percentiles_that_are_none_are_refused(file, window):
    said = r"allowed: two percentiles from 0 to 100, the lower first, such as \[1, 99\]\."
    assert re.search(said, refused(file, f"window = {window}\n" + TEXT))


@pytest.mark.parametrize("window", ["[1]", "[1, 50, 99]", '["1", "99"]', "1"])
def test_a_window_is_two_numbers(file, window):
    assert refused(file, f"window = {window}\n" + TEXT).startswith("FILE: 'window")

"""A file of printed rows with a mistake: file, row, key, value, what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from ra_bench.boards.published import read_published
from ra_bench.boards.published_file import read_table
from ra_bench.errors import RecordError

FILE = Path(__file__).parents[2] / "leaderboards" / "wang2022" / "published.toml"
ROW = '[[rows]]\nname = "net"\n'


def refused(folder, text):
    file = folder / "rows.toml"
    file.write_text(text)
    with pytest.raises(RecordError) as said:
        read_table(file)
    return str(said.value).removeprefix(str(file))


def test_the_rows_of_the_paper_are_read_as_printed():
    row = read_table(FILE).rows[3]
    assert (row.name, row.films, row.rho, row.mae, row.rmse) == (
        "ResNet-Dwise50 (B + DSC + IRB)",
        158,
        "0.95",
        "17.76",
        "26.34",
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('roh = "0.97"', "unknown key 'roh'. Did you mean 'rho'? Known: "),
        ("n = 158", "unknown key 'n'. Did you mean 'films'?"),
        (
            "rho = 0.97",
            "key 'rho': found 0.97. Give it as text with the digits that are printed, such as rho = \"0.97\".",
        ),
        ('rmse = "about 19"', "key 'rmse': found 'about 19'. No printed number. Give the digits alone, with a point"),
        ('rho = "97"', "key 'rho': found '97'. A correlation lies between -1 and 1."),
        ('mae = "-3.1"', "key 'mae': found '-3.1'. It cannot be below 0."),
        ("films = 1", "key 'films': found 1. Give a whole number, 2 or more."),
        ('films = "158"', "key 'films': found '158'. Give a whole number, 2 or more."),
        ("granularity = 0", "key 'granularity': found 0. Give a whole number, 1 or more."),
        ('p = "n.s."', "key 'p': found 'n.s.'. Give it as printed, from 0 to 1, such as"),
        ('p = ">5"', "key 'p': found '>5'. Give it as printed, from 0 to 1"),
        ('epoch = "slow"', "key 'epoch': found 'slow'. Give minutes:seconds"),
        ('parameters_in_millions = "25M"', "key 'parameters_in_millions': found '25M'. Give a number of millions"),
        ('reader = "yes"', "key 'reader': found 'yes'. Give true or false."),
        ('maximum = "280"', "key 'maximum': found '280'. Give a number, without quotes."),
        ("minimum = 5\nmaximum = 5", "key 'maximum': found 5.0. It must be above the minimum, 5."),
        ("supposed_sd_reference = 0", "key 'supposed_sd_reference': found 0. An SD to suppose is above 0."),
    ],
)
def test_a_wrong_line_is_told_with_its_row_key_and_value(tmp_path, line, said):
    assert refused(tmp_path, f"{ROW}{line}\n").startswith(
        f", row 1 ('net'), {said}".replace("), unknown", "): unknown")
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[rows]]\nrho = '0.9'\n", ", row 1: the key 'name' is missing. Say whose row it is."),
        ("", ": there are no rows. Write each under a heading [[rows]]."),
        ("rows = 3\n", ": there are no rows. Write each under a heading [[rows]]."),
        (f"titel = 'T'\n{ROW}", ": unknown key 'titel'. Did you mean 'title'?"),
        (f"title = 3\n{ROW}", ", key 'title': found 3. Give it as text, in quotes."),
        (f"remarks = 'one'\n{ROW}", ", key 'remarks': found 'one'. Give a list of sentences, each in quotes."),
        ("[[", " cannot be read: "),
    ],
)
def test_a_wrong_file_is_told_of(tmp_path, text, said):
    assert refused(tmp_path, text).startswith(said)


def test_a_file_that_is_not_there_is_told_of(tmp_path):
    with pytest.raises(RecordError, match=r"rows.toml cannot be read: No such file"):
        read_table(tmp_path / "rows.toml")


def test_a_board_needs_more_than_rows(tmp_path):
    (tmp_path / "published.toml").write_text(ROW)
    with pytest.raises(RecordError, match=r"the key .name. is missing at the top of the file. A board needs it"):
        read_published(tmp_path / "published.toml")

"""`ra-bench agree`: readers alone."""

from __future__ import annotations

import json

import pytest

WIDE = "id,Reader A,Reader B,Reader C\n" + "".join(f"{n},{n},{n + n % 3},{n + 1 if n % 4 else ''}\n" for n in range(24))
LONG = "film,reader,reading\n" + "".join(
    f"{n},{who},{n + (n % 3) * extra}\n" for n in range(24) for extra, who in enumerate("XY")
)


def test_a_wide_table_with_gaps_is_measured(cli, tmp_path):
    (tmp_path / "r.csv").write_text(WIDE, encoding="utf-8")
    said = cli("agree", "r.csv", "--bands", "1,10,25", "-o", "report")
    assert (said.code, said.err) == (0, "")
    assert "Reader C against Reader B" in said.out
    assert "Krippendorff's alpha (interval)" in said.out
    assert "Quadratic-weighted kappa on bands with the lower edges 1, 10, 25." in said.out
    found = json.loads((tmp_path / "report/r-agree.json").read_text(encoding="utf-8"))
    assert found["report"] == "readers"
    assert found["readers"]["readings"] == {"Reader A": 24, "Reader B": 24, "Reader C": 18}
    page = (tmp_path / "report/r-agree.md").read_text(encoding="utf-8")
    assert "CLAIM" not in page
    assert (
        "- GRRAS, item 11 (actual numbers of readers, films and repeats): 3 readers; 24 films, patients not known"
        in page
    )


def test_a_long_table_is_measured_alike(cli, tmp_path):
    (tmp_path / "r.csv").write_text(LONG, encoding="utf-8")
    said = cli("agree", "r.csv", "--film", "film", "--reader", "reader", "--score", "reading")
    assert said.code == 0, said.err
    assert "Long table: column 'reader' names the reader, 'reading' holds the score." in said.out
    assert "Y against X" in said.out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,Reader A\n1,2\n", "found one reader, 'Reader A', and agreement takes two."),
        ("id,Reader A,Reader B\n1,2,\n2,,2\n", "reader 'Reader A' read 1 films, none of which another reader read,"),
        ("id,Reader A,Reader B\n1,2,b\n", "row 2, column 'Reader B': found 'b', which is no number."),
    ],
)
def test_bad_input_is_one_message(cli, tmp_path, text, message):
    (tmp_path / "r.csv").write_text(text, encoding="utf-8")
    said = cli("agree", "r.csv", "-o", "report")
    assert (said.code, said.out) == (1, "")
    assert message in said.err
    assert not (tmp_path / "report").exists()


def test_a_reading_beyond_the_scale_that_was_given_is_refused(cli, tmp_path):
    (tmp_path / "r.csv").write_text(WIDE, encoding="utf-8")
    said = cli("agree", "r.csv", "--scale", "0,20")
    assert said.code == 1
    assert said.err.startswith("Error: r.csv, column 'Reader A', film '21': found '21', outside the scale, 0 to 20.")

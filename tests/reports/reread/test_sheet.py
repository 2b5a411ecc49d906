"""The sheet that tells nothing, and its key."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest

from ra_bench.errors import RecordError
from ra_bench.reports.reread.sheet import guarded, make_sheet, unguarded, write_sheet
from ra_bench.reports.reread.suspects import LabelAudit, Suspect

FOUND = LabelAudit(
    suspects=tuple(Suspect(film=f"s{n}", reference=10.0 * n, off=-20.0, same_side=4, beyond=3) for n in range(1, 6)),
    others=tuple((f"c{n:02d}", float(n)) for n in range(0, 100, 2)),
    models=("a", "b", "c", "d"),
    margin=12.5,
    margin_given=False,
)


def read(file):
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.reader(lines))


def test_suspects_and_as_many_controls_are_mixed_in_an_order_that_tells_nothing():
    sheet = make_sheet(FOUND, 20)
    kinds = "".join(film[0] for film in sheet.films)
    assert sorted(kinds) == ["c"] * 5 + ["s"] * 5
    assert kinds not in ("cccccsssss", "ssssscccccc", "cscscscscs", "scscscscsc")
    assert list(sheet.films) != sorted(sheet.films)
    assert make_sheet(FOUND, 20) == sheet


def test_of_more_suspects_the_first_are_taken_and_the_rest_are_no_controls():
    sheet = make_sheet(FOUND, 2)
    assert [one.film for one in sheet.suspects] == ["s1", "s2"]
    assert len(sheet.controls) == 2
    assert not {film for film, _ in sheet.controls} & {"s3", "s4", "s5"}


def test_controls_are_of_like_severity():
    many = replace(FOUND, suspects=tuple(replace(one, reference=90.0) for one in FOUND.suspects))
    # 5 of the nearest 5 each time, so none is further than the ninth nearest: 82 or 98
    assert min(score for _, score in make_sheet(many, 5).controls) >= 82


def test_too_few_other_films_give_fewer_controls():
    assert len(make_sheet(replace(FOUND, others=(("c", 1.0),)), 5).controls) == 1


def test_the_sheet_holds_films_and_empty_columns_and_nothing_else(tmp_path):
    write_sheet(make_sheet(FOUND, 5), FOUND, ("reader 1", "reader 2"), tmp_path / "sheet.csv")
    head, *rows = read(tmp_path / "sheet.csv")
    assert head == ["film", "reader 1", "reader 2"]
    assert {tuple(row[1:]) for row in rows} == {("", "")}
    assert len(rows) == 10


def test_the_key_says_which_film_is_which_and_what_models_say(tmp_path):
    sheet = make_sheet(FOUND, 5)
    key = write_sheet(sheet, FOUND, ("re-read",), tmp_path / "sheet.csv")
    assert key.name == "sheet-key.csv"
    head, *rows = read(key)
    found = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert [row[0] for row in rows] == list(sheet.films)
    assert found["s3"] == {
        "film": "s3", "kind": "suspect", "reference": "30", "models_off": "-20.00", "models_same_side": "4",
        "models_beyond": "3", "models": "4", "margin": "12.5",
    }  # fmt: skip
    control = found[sheet.controls[0][0]]
    assert (control["kind"], control["models_off"], control["models_same_side"]) == ("control", "", "")


def test_a_sheet_that_is_there_already_is_not_overwritten(tmp_path):
    (tmp_path / "sheet.csv").write_text("film,re-read\ns1,12\n")
    with pytest.raises(RecordError, match="is there already and may hold scores"):
        write_sheet(make_sheet(FOUND, 5), FOUND, ("re-read",), tmp_path / "sheet.csv")
    assert (tmp_path / "sheet.csv").read_text() == "film,re-read\ns1,12\n"
    assert not (tmp_path / "sheet-key.csv").exists()


@pytest.mark.parametrize(
    "text", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "  =1", "'quoted", "\t=1", "＝1", "＠x"]
)
def test_nothing_that_a_spreadsheet_takes_for_a_formula_is_written(text):
    assert guarded(text).startswith("'")
    assert unguarded(guarded(text)) == text


def test_films_and_readers_with_odd_names_are_guarded_in_both_files(tmp_path):
    odd = replace(FOUND, suspects=(replace(FOUND.suspects[0], film="=1+1"),), others=(("@a|<script>", 9.0),))
    key = write_sheet(make_sheet(odd, 5), odd, ("=reader",), tmp_path / "sheet.csv")
    cells = [cell for file in (tmp_path / "sheet.csv", key) for row in read(file) for cell in row]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "@")]
    assert {"'=1+1", "'@a|<script>", "'=reader"} <= set(cells)


def test_any_number_of_suspects_gets_films_without_doubles():
    many = replace(FOUND, others=tuple((f"c{n}", float(v)) for n, v in enumerate(np.linspace(0, 60, 7))))
    films = make_sheet(many, 5).films
    assert len(set(films)) == len(films) == 10

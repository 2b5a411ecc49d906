"""`ra-bench audit`: printed rows on the command line."""

from __future__ import annotations

import json


def test_without_a_file_the_rows_of_the_paper_are_audited(cli):
    said = cli("audit")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("Audit: Wang et al. 2022: published, not recomputed\n")
    assert "- FAILS: the printed figures cannot all describe one sample" in said.out


def test_json_holds_the_boxes_and_null_where_there_is_none(cli, tmp_path):
    said = cli("audit", "-o", "found")
    assert said.out.endswith("Wrote found/audit.md\nWrote found/audit.json\n")
    rows = json.loads((tmp_path / "found/audit.json").read_text())["rows"]
    assert rows[0]["forced_rho"][0] > 0.89
    assert rows[1]["forced_rho"] is None


def test_a_mistake_ends_with_code_1_and_one_message(cli, tmp_path):
    (tmp_path / "rows.toml").write_text('[[rows]]\nname = "net"\nn = 158\n')
    said = cli("audit", "rows.toml")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("Error: rows.toml, row 1 ('net'): unknown key 'n'. Did you mean 'films'?")

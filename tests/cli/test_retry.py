"""What failed is tried once more, not a third time in the same way, and on its own when asked for."""

from __future__ import annotations

import json
import shutil

import pytest

pytestmark = pytest.mark.slow  # whole runs in processes of their own


@pytest.fixture(scope="module")
def twice(tmp_path_factory, command, arguments):
    """A folder in which a model failed twice alike and another was killed twice, and what the second run said."""
    folder = tmp_path_factory.mktemp("twice")
    for _ in range(2):
        process = command(folder, *arguments, "fifty,killed,raises")
        _, err = process.communicate(timeout=120)
        assert process.returncode == 1
    return folder, err


@pytest.fixture
def copy(twice, tmp_path, monkeypatch, cli):
    """Call `ra-bench` in a copy of that folder."""
    shutil.copytree(twice[0], tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return cli


def test_what_failed_once_is_tried_again(twice):
    assert "raises runs: the last try failed: RuntimeError: the net is torn\n" in twice[1]
    assert "Jobs: 2 to do, 1 standing.\n" in twice[1]


def test_its_failure_counts_how_often_it_came(twice):
    (file,) = twice[0].glob("runs/tiny-tiny/raises/seed0-*/failure.json")
    kept = json.loads(file.read_text())
    assert (kept["kind"], kept["reason"], kept["tries"]) == ("raised", "RuntimeError: the net is torn", 2)


def test_what_failed_twice_alike_is_left_out_and_still_makes_the_exit_code(copy, arguments):
    said = copy(*arguments, "fifty,raises")
    assert said.code == 1
    assert "Jobs: 0 to do, 1 standing, 1 left out.\n" in said.err
    assert "raises waits: it failed 2 times alike; --retry-failed tries it again: RuntimeError: the net is" in said.err
    assert "Failed: raises, seed 0: RuntimeError: the net is torn\n" in said.err
    assert "raises (failed): RuntimeError: the net is torn\n" in said.out


def test_what_was_killed_twice_is_tried_again_since_the_machine_may_have_been_the_reason(copy, arguments):
    said = copy(*arguments, "killed,raises", "--explain")
    assert "killed, seed 0: runs: the last try failed: The worker process was killed (SIGKILL)" in said.out
    assert "raises, seed 0: waits: it failed 2 times alike; --retry-failed tries it again" in said.out


def test_retry_failed_runs_only_what_failed_however_often(copy, arguments):
    said = copy(*arguments, "fifty,forty,raises", "--retry-failed")
    assert said.code == 1
    assert "Jobs: 1 to do, 1 standing, 1 left out.\n" in said.err
    assert "forty waits: it did not fail, and --retry-failed does only what did\n" in said.err
    assert "forty: epoch" not in said.err
    assert "raises: failed: RuntimeError: the net is torn\n" in said.err
    assert "forty (waiting): Not run yet.\n" in said.out


def test_retry_failed_where_nothing_failed_does_nothing_and_is_fine(copy, arguments):
    said = copy(*arguments, "fifty", "--retry-failed")
    assert said.code == 0
    assert "Jobs: 0 to do, 1 standing.\n" in said.err


def test_afresh_does_also_what_failed_twice(copy, arguments):
    said = copy(*arguments, "raises", "--afresh", "--explain")
    assert said.out == "raises, seed 0: runs: asked to do it afresh\n"


def test_a_failure_of_another_kind_counts_anew(copy, arguments, tmp_path):
    (file,) = (tmp_path / "copy").glob("runs/tiny-tiny/raises/seed0-*/failure.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"reason": "Another.", "tries": 2}))
    copy(*arguments, "raises", "--retry-failed")
    assert json.loads(file.read_text())["tries"] == 1

"""Files are written whole or not at all."""

from __future__ import annotations

import pytest

from ra_bench.errors import StorageError
from ra_bench.files import make_folder, replacing, write_text


def test_a_write_that_fails_leaves_what_was_there_and_nothing_beside_it(tmp_path):
    file = tmp_path / "board.md"
    write_text(file, "before")

    def break_off():
        with replacing(file) as temporary:
            temporary.write_text("half")
            raise OSError(28, "No space left on device")

    with pytest.raises(
        StorageError, match=r"Cannot write .*board\.md: No space left on device\.\nWhat stood there before"
    ):
        break_off()
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


def test_an_error_of_the_writer_is_passed_on_and_nothing_is_left(tmp_path):
    def give_up():
        with replacing(tmp_path / "board.md") as temporary:
            temporary.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        give_up()
    assert list(tmp_path.iterdir()) == []


def test_folders_are_made_on_the_way_and_others_may_read(tmp_path):
    write_text(tmp_path / "a/b/board.md", "ü\n")
    assert (tmp_path / "a/b/board.md").read_bytes() == "ü\n".encode()
    assert (tmp_path / "a/b/board.md").stat().st_mode & 0o777 == 0o644


def test_a_file_in_the_way_of_a_folder_is_an_error_that_says_so(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(StorageError, match=r"Cannot write [\s\S]*choose a folder that can be written to"):
        write_text(tmp_path / "a/board.md", "")
    with pytest.raises(StorageError, match=r"Cannot make the folder .*choose a folder that can be written to"):
        make_folder(tmp_path / "a/b")

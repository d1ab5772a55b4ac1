"""Words about what was lost, noted in space that was taken when the run began."""

from __future__ import annotations

from afield.runs.live_warnings import add_warnings, read_warnings, reserve_warnings


def test_words_are_kept_once_and_the_file_never_grows(tmp_path):
    reserve_warnings(str(tmp_path))
    (file,) = tmp_path.iterdir()
    size_bytes = file.stat().st_size
    assert read_warnings(str(tmp_path)) == ()
    add_warnings(str(tmp_path), "a", "ü")
    add_warnings(str(tmp_path), "ü", "b")
    assert read_warnings(str(tmp_path)) == ("a", "ü", "b")
    add_warnings(str(tmp_path), "x" * size_bytes, "c")
    assert read_warnings(str(tmp_path)) == ("a", "ü", "b", "c")
    assert file.stat().st_size == size_bytes


def test_without_space_or_with_a_torn_file_nothing_is_told(tmp_path):
    add_warnings(str(tmp_path), "a")
    assert read_warnings(str(tmp_path)) == ()
    assert list(tmp_path.iterdir()) == []
    reserve_warnings(str(tmp_path))
    (file,) = tmp_path.iterdir()
    file.write_bytes(b'["torn' + b" " * 100)
    assert read_warnings(str(tmp_path)) == ()
    add_warnings(str(tmp_path), "a")
    assert read_warnings(str(tmp_path)) == ("a",)

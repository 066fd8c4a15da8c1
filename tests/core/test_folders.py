"""The folders that a path lies in."""

from __future__ import annotations

import pytest

from pyfmt.core.folders import above, nearest_home


@pytest.mark.parametrize(
    ("path", "folders"),
    [
        ("", []),
        (".", []),
        ("a", ["."]),
        ("a/b/c.py", ["a/b", "a", "."]),
        ("/", []),
        ("/a/b.py", ["/a", "/"]),
        ("//", []),  # what two slashes mean is left open by POSIX: they stay
        ("//a/b.py", ["//a", "//"]),
        ("///a", ["///"]),
    ],
)
def test_the_folders_above_a_path_end_with_the_root(path: str, folders: list[str]) -> None:
    assert list(above(path)) == folders


def test_a_home_is_the_path_itself_or_the_nearest_folder_above() -> None:
    assert nearest_home("a/b/c", {"a/b/c", "a/b", "."}) == "a/b/c"
    assert nearest_home("a/b/c", {"a", "."}) == "a"
    assert nearest_home("ab/c", {"a"}) is None
    assert nearest_home("/a/b", {"/a", "/"}) == "/a"
    assert nearest_home("/ab/c", {"/a", "."}) is None
    assert nearest_home("//a/b", {"/a"}) is None

"""The index: places, folders, and dotted names by the folders that they begin in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyfmt.imports.index import Index, Roots, place_of

FILES = ["lib/acme/__init__.py", "lib/acme/core.py", "lib/acme/core.pyi", "lib/acme/deep/x.py", "app/main.py", "odd/"]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("a/b.py", "a/b"),
        ("a/b.pyi", "a/b"),
        ("a/__init__.py", "a"),
        ("__init__.py", ""),
        ("a/b.cpython-311-x86_64-linux-gnu.so", "a/b"),
        ("a/__init__.pyd", "a"),
        ("a/b/", "a/b"),
        ("a/b.txt", None),
        ("a/script", None),
        ("a/.py", None),
    ],
)
def test_where_a_file_stands(path: str, place: str | None) -> None:
    assert place_of(path) == place


def test_names_lead_to_places_from_the_roots() -> None:
    index = Index(FILES)
    assert sorted(index.at["lib/acme/core"]) == ["lib/acme/core.py", "lib/acme/core.pyi"]
    roots = Roots([(index, "lib", ""), (index, ".", ""), (index, "app", "given.name")])

    def places(dotted: str) -> list[str]:
        return [place for _, place in roots.named(dotted)]

    assert places("acme.core") == ["lib/acme/core"]
    assert places("lib.acme.deep") == ["lib/acme/deep"]
    assert places("given.name.main") == ["app/main"] and places("given.name") == ["app"]
    assert places("given") == places("acme.absent") == places("acme.core.Name") == []
    assert roots.tops == {"acme", "lib", "app", "odd", "given"}
    assert [*roots.names_of("lib/acme/core")] == ["acme.core", "lib.acme.core"]
    assert [*roots.names_of("app/main")] == ["given.name.main", "app.main"]
    below = {place for _, place in roots.below("acme", deep=True)}
    assert below == {"lib/acme/core", "lib/acme/deep", "lib/acme/deep/x"}
    assert {place for _, place in roots.below("given", deep=False)} == {"app"}


def test_a_relative_name_leads_through_folders() -> None:
    index = Index(FILES)
    assert [*index.from_folder("lib", "acme.core")] == ["lib", "lib/acme", "lib/acme/core"]
    assert set(index.from_folder("lib/acme", "*")) == {"lib/acme", "lib/acme/core", "lib/acme/deep"}
    assert set(index.from_folder("", "**")) == {"", *(place for place in index.inside("", deep=True))}


PATHS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4).map(lambda parts: "/".join(parts) + ".py")


@given(st.lists(PATHS, unique=True, max_size=8), st.lists(st.sampled_from([".", "a", "a/b", "c"]), unique=True))
def test_each_place_is_found_by_each_of_its_names_and_by_no_other(files: list[str], folders: list[str]) -> None:
    index = Index(files)
    roots = Roots((index, folder, "") for folder in folders)
    names = {place: {*roots.names_of(place)} for place in index.inside("", deep=True)}
    for name in {each for found in names.values() for each in found} | {"a.a.a", "b"}:
        assert {place for _, place in roots.named(name)} == {place for place, found in names.items() if name in found}


@given(st.lists(st.lists(PATHS, max_size=4), max_size=3))
def test_joined_indexes_are_that_of_all_files(parts: list[list[str]]) -> None:
    joined, whole = Index.joined(map(Index, parts)), Index(path for part in parts for path in part)
    assert (joined.at, joined.below) == (whole.at, whole.below)

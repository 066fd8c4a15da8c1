"""Module names are mypy's own: compared with its SourceFinder on the same tree."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyfmt.core.model import Project
from pyfmt.tools.mypy.adapter import Mypy

FOLDERS = ["src", "acme", "tests", "foo-bar", "foo-stubs", "tests/unit", "src/acme", "src/acme/sub", "acme/deep", "x/y"]
NAMES = ["__init__.py", "__init__.pyi", "a.py", "a.pyi", "conftest.py", "my-script.py"]


def _files() -> st.SearchStrategy[list[str]]:
    file = st.builds(
        lambda folder, name: f"{folder}/{name}" if folder else name,
        st.sampled_from(["", *FOLDERS]),
        st.sampled_from(NAMES),
    )
    return st.lists(file, min_size=1, max_size=12, unique=True)


@settings(max_examples=60, deadline=None)
@given(files=_files(), source_root=st.booleans())
def test_names_equal_those_of_mypy(
    tmp_path_factory: pytest.TempPathFactory, files: list[str], source_root: bool
) -> None:
    from mypy.find_sources import InvalidSourceList, create_source_list  # slow to import, needed only here
    from mypy.options import Options

    root = tmp_path_factory.mktemp("names")
    paths = tuple(sorted(f"projects/p/{file}" for file in files))
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    bases = ("projects/p", "projects/p/src") if source_root else ("projects/p",)
    project = Project("p", "projects/p", paths, import_roots=bases)
    options = Options()
    options.explicit_package_bases = True
    options.mypy_path = [str(root / base) for base in bases]
    cwd = os.getcwd()
    (root / "empty").mkdir()
    os.chdir(root / "empty")
    try:
        for path in paths:
            name = Mypy().module_name(path, project)
            try:
                source = create_source_list([str(root / path)], options)[0]
            except InvalidSourceList:
                continue  # told by the worker, folder by folder
            if name:
                assert name == source.module, path
            else:
                stem = Path(path).with_suffix("").as_posix()
                hidden = path.endswith(".py") and f"{stem}.pyi" in paths
                assert (
                    hidden
                    or any(f"{stem}/__init__{suffix}" in paths for suffix in (".py", ".pyi"))
                    or source.module in ("", "__main__")
                ), path
    finally:
        os.chdir(cwd)


def test_files_that_mypys_own_walk_passes_over_have_no_name() -> None:
    files = ("p/a.py", "p/a.pyi", "p/b.py", "p/b/__init__.py", "p/c.pyi", "p/d.py")
    project = Project("p", "p", files, import_roots=("p",))
    assert [Mypy().module_name(file, project) for file in files] == ["", "a", "", "b", "c", "d"]

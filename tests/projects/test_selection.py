"""What paths on the command line stand for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pyfmt.core.errors import UsageError
from pyfmt.projects.selection import Selection, owner, select
from tests.projects.trees import SETUP, survey, write


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    write(
        tmp_path,
        {
            ".gitignore": "ignored/\n",
            "a/setup.py": SETUP,
            "a/pkg/x.py": "",
            "a/pkg/y.pyi": "",
            "a/nested/setup.py": SETUP,
            "ab/setup.py": SETUP,
            "a/bin/tool": "#!/usr/bin/env python3\n",
            "a/bin/tool.cgi": "#!/usr/bin/python\n",
            "a/bin/shell": "#!/bin/sh\n",
            "a/ignored/x.py": "",
            "a/ignored/tool": "#!/usr/bin/env python3\n",
            "a/{{x}}/x.py": "",
            "a/{{x}}/tool": "#!/usr/bin/env python3\n",
            "vendor/x.py": "",
            "vendor/tool": "#!/usr/bin/env python3\n",
            "data/notes.txt": "",
        },
    )
    return tmp_path


def chosen(root: Path, *paths: str, cwd: str = ".", globs: tuple[str, ...] = ()) -> Selection:
    found = survey(root, *globs, exclude=("vendor/",)).projects
    return select(found, paths, root, root / cwd, ("vendor/",))


def test_no_path_means_everything(tree: Path) -> None:
    found = chosen(tree)
    assert found.files == {
        "a": ("a/pkg/x.py", "a/pkg/y.pyi", "a/setup.py"),
        "a/nested": ("a/nested/setup.py",),
        "ab": ("ab/setup.py",),
    }
    assert not found.notes


def test_a_folder_means_all_below_it_of_whichever_project(tree: Path) -> None:
    assert chosen(tree, "a").files == {
        "a": ("a/pkg/x.py", "a/pkg/y.pyi", "a/setup.py"),
        "a/nested": ("a/nested/setup.py",),
    }
    assert chosen(tree, "a/pkg", "a/pkg/x.py").files == {"a": ("a/pkg/x.py", "a/pkg/y.pyi")}
    assert chosen(tree, ".").files == chosen(tree).files


def test_paths_are_relative_to_where_one_stands(tree: Path) -> None:
    assert chosen(tree, "x.py", "../../ab", cwd="a/pkg").files == {"a": ("a/pkg/x.py",), "ab": ("ab/setup.py",)}
    assert chosen(tree, str(tree / "ab")).files == {"ab": ("ab/setup.py",)}


def test_a_link_to_a_folder_means_the_folder(tree: Path) -> None:
    (tree / "link").symlink_to("a/pkg")
    assert chosen(tree, "link").files == {"a": ("a/pkg/x.py", "a/pkg/y.pyi")}
    assert chosen(tree, "link/x.py").files == {"a": ("a/pkg/x.py",)}


@pytest.mark.parametrize("name", ["a/bin/tool", "a/bin/tool.cgi"])
def test_a_named_script_joins_its_project(tree: Path, name: str) -> None:
    found = chosen(tree, name)
    assert found.files == {"a": (name,)}
    assert name in next(project for project in found.projects if project.path == "a").files
    assert chosen(tree, "a").files["a"] == ("a/pkg/x.py", "a/pkg/y.pyi", "a/setup.py")  # not in a folder


@pytest.mark.parametrize(
    ("path", "note"),
    [
        ("vendor/x.py", "vendor/x.py: not checked, since it is excluded"),
        ("vendor/tool", "vendor/tool: not checked, since it is excluded"),
        ("a/ignored/x.py", "a/ignored/x.py: not checked, since it is excluded"),
        ("a/ignored/tool", "a/ignored/tool: not checked, since it is excluded"),
        ("a/{{x}}/x.py", "a/{{x}}/x.py: not checked, since it is part of a template"),
        ("a/{{x}}/tool", "a/{{x}}/tool: not checked, since it is part of a template"),
        ("vendor", "vendor: no Python files there"),
        ("data", "data: no Python files there"),
        ("link.py", "link.py: not checked, since it is a symbolic link"),
        ("dangling.py", "dangling.py: not checked, since it is a symbolic link"),
    ],
)
def test_what_is_named_but_not_to_be_checked_is_told(tree: Path, path: str, note: str) -> None:
    (tree / "link.py").symlink_to("a/pkg/x.py")
    (tree / "dangling.py").symlink_to("nowhere")
    found = chosen(tree, path, "ab")
    assert found.files == {"ab": ("ab/setup.py",)}
    assert len(found.notes) == 1 and found.notes[0].startswith(note)


@pytest.mark.parametrize("path", ["ab/setup.py", "ab/run"])
def test_a_file_of_no_project_is_told(tree: Path, path: str) -> None:
    write(tree, {"ab/run": "#!/usr/bin/env python3\n"})
    found = chosen(tree, path, globs=("a",))
    assert not found.files
    assert found.notes == (f"{path}: not checked, since it belongs to no project (see `projects` in [tool.pyfmt])",)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere.py", "nowhere.py: no such file or folder"),
        ("..", "..: is outside the monorepo"),
        ("/", "/: is outside the monorepo"),
        ("a/bin/shell", "a/bin/shell: is not a Python file"),
        ("data/notes.txt", "data/notes.txt: is not a Python file"),
        ("a/pipe", "a/pipe: is not a Python file"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(tree: Path, path: str, message: str) -> None:
    os.mkfifo(tree / "a" / "pipe")
    with pytest.raises(UsageError) as error:
        chosen(tree, path)
    assert str(error.value).startswith(message)


def test_unusual_names(tree: Path) -> None:
    names = ["a/a b.py", "a/é.py", "a/new\nline.py", os.fsdecode(b"a/\xff.py")]
    write(tree, dict.fromkeys(names, ""))
    assert chosen(tree, *names).files == {"a": tuple(sorted(names))}


def test_the_owner_of_a_file_is_the_nearest_project(tree: Path) -> None:
    found = survey(tree).projects
    paths = {
        file: project.path if (project := owner(file, found)) else None
        for file in ("a/nested/new.py", "a/x/y.py", "ab/z.py")
    }
    assert paths == {"a/nested/new.py": "a/nested", "a/x/y.py": "a", "ab/z.py": "ab"}
    assert owner("elsewhere/z.py", [project for project in found if project.path != "."]) is None

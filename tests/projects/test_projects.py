"""Which projects a tree has, what they own, and what they are called."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyfmt.core.errors import ConfigError
from pyfmt.core.model import Config
from pyfmt.projects import find_projects
from tests.projects.trees import named, projects, survey, write


def test_every_folder_with_a_manifest_is_a_project_and_owns_what_no_nested_one_does(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "pyproject.toml": "[tool.pyfmt]",
            "script.py": "",
            "tools/x.py": "",
            "a/pyproject.toml": named("Alpha"),
            "a/alpha/__init__.py": "",
            "a/nested/setup.py": "",
            "a/nested/beta.py": "",
            "b/setup.cfg": "[metadata]\nname = beta",
            "b/empty/.keep": "",
        },
    )
    found = projects(tmp_path)
    assert {path: project.files for path, project in found.items()} == {
        ".": ("script.py", "tools/x.py"),
        "a": ("a/alpha/__init__.py",),
        "a/nested": ("a/nested/beta.py", "a/nested/setup.py"),
        "b": (),
    }
    assert [project.name for project in found.values()] == [".", "Alpha", "nested", "beta"]
    assert found["a"].distribution == "alpha"


def test_files_outside_all_projects_form_the_root_project(tmp_path: Path) -> None:
    write(tmp_path, {"tools/x.py": "", "a/setup.py": ""})
    assert projects(tmp_path)["."].files == ("tools/x.py",)
    assert projects(tmp_path)["."].manifests == ()


def test_named_globs_are_all_the_projects(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "stray.py": "",
            "lib/a/x.py": "",
            "lib/b/setup.py": "",
            "lib/b/deep/er/pyproject.toml": "",
            "lib/b/deep/er/y.py": "",
            "other/z.py": "",
        },
    )
    assert {path: p.files for path, p in projects(tmp_path, "lib/*").items()} == {
        "lib/a": ("lib/a/x.py",),
        "lib/b": ("lib/b/deep/er/y.py", "lib/b/setup.py"),
    }
    assert set(projects(tmp_path, "lib/**")) == {"lib/b", "lib/b/deep/er"}
    assert set(projects(tmp_path, "**/er", "./other/")) == {"lib/b/deep/er", "other"}
    assert set(projects(tmp_path, "lib/[!b]")) == {"lib/a"}
    assert set(projects(tmp_path, ".")) == {"."}
    with pytest.raises(ConfigError, match=r"projects: 'lib/c\*' matches no folder"):
        projects(tmp_path, "lib/*", "lib/c*")


def test_ignored_files_are_hidden_and_ignored_folders_are_no_projects(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            ".gitignore": "*_pb2.py\n/scratch/\n",
            "a/setup.py": "",
            "a/x_pb2.py": "",
            "scratch/p/setup.py": "",
            "a/gen/y.py": "",
            "a/.venv/z.py": "",
        },
    )
    found = survey(tmp_path, exclude=("gen/",)).projects
    assert [(p.path, p.files, p.hidden) for p in found] == [("a", ("a/setup.py",), ("a/gen/y.py", "a/x_pb2.py"))]
    with pytest.raises(ConfigError, match="matches no folder"):
        survey(tmp_path, "scratch/*")


def test_names_are_unique_whatever_the_distributions_are_called(tmp_path: Path) -> None:
    same = {f"{folder}/pyproject.toml": named("x") for folder in ("a", "b")}
    write(
        tmp_path,
        {
            **same,
            "c/pyproject.toml": named("a"),
            "d/pyproject.toml": named("y"),
            "e/x/setup.py": "",
            "f/y/setup.py": "",
        },
    )
    names = {path: project.name for path, project in projects(tmp_path).items()}
    assert names == {"a": "a", "b": "b", "c": "c", "d": "d", "e/x": "e/x", "f/y": "f/y"}


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from(["a", "b", "c", "a/b", "b/a", "c/c"]), st.sampled_from(["a", "b", "c", "a/b", "d", None])
    )
)
def test_names_are_unique_and_free_of_order(
    tmp_path_factory: pytest.TempPathFactory, wished: dict[str, str | None]
) -> None:
    root = tmp_path_factory.mktemp("names")
    for path, name in wished.items():
        write(root, {f"{path}/pyproject.toml": named(name) if name else ""})
    found = projects(root)
    assert set(found) == set(wished)
    assert len({project.name for project in found.values()}) == len(found)


def test_a_damaged_manifest_is_a_failure_of_its_project_alone(tmp_path: Path) -> None:
    write(tmp_path, {"a/pyproject.toml": "[project", "a/x.py": "", "b/pyproject.toml": named("b")})
    found = survey(tmp_path)
    assert [project.path for project in found.projects] == ["a", "b"]
    assert found.projects[0].files == ("a/x.py",)
    assert [(failure.projects, failure.tool) for failure in found.failures] == [(("a",), "projects")]
    assert found.failures[0].reason.startswith("pyproject.toml cannot be read: ")


def test_an_environment_set_for_no_project_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, {"lib/a/pyproject.toml": named("alpha")})
    for key in ("alpha", "lib/a", "./lib/a/"):
        find_projects(Config(root=tmp_path, file=None, environments=((key, "x"),)))
    with pytest.raises(
        ConfigError, match="environments: no project has the name or path 'lib/aa'; did you mean 'lib/a'"
    ):
        find_projects(Config(root=tmp_path, file=None, environments=(("lib/aa", "x"),)))


def test_the_manifests_and_locks_of_a_project_are_named(tmp_path: Path) -> None:
    write(tmp_path, {"a/setup.py": "", "a/pyproject.toml": "", "a/uv.lock": "", "a/poetry.lock": ""})
    assert set(projects(tmp_path)["a"].manifests) == {"setup.py", "pyproject.toml", "uv.lock", "poetry.lock"}

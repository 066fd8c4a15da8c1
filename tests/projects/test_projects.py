"""Which projects a tree has, what they own, and what they are called."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyfmt.core.errors import ConfigError
from pyfmt.core.model import Config
from pyfmt.projects import find_projects, recount
from tests.projects.trees import SETUP, named, projects, survey, write


def test_every_folder_with_a_manifest_is_a_project_and_owns_what_no_nested_one_does(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "pyproject.toml": "[tool.pyfmt]",
            "script.py": "",
            "tools/x.py": "",
            "a/pyproject.toml": named("Alpha"),
            "a/alpha/__init__.py": "",
            "a/nested/setup.py": SETUP,
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
    write(tmp_path, {"tools/x.py": "", "a/setup.py": SETUP})
    assert projects(tmp_path)["."].files == ("tools/x.py",)
    assert projects(tmp_path)["."].manifests == ()


def test_named_globs_are_all_the_projects(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "stray.py": "",
            "lib/a/x.py": "",
            "lib/b/setup.py": SETUP,
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
            "a/setup.py": SETUP,
            "a/x_pb2.py": "",
            "scratch/p/setup.py": SETUP,
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
            "e/x/setup.py": SETUP,
            "f/y/setup.py": SETUP,
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
    write(tmp_path, {"a/setup.py": SETUP, "a/pyproject.toml": "", "a/uv.lock": "", "a/poetry.lock": ""})
    assert set(projects(tmp_path)["a"].manifests) == {"setup.py", "pyproject.toml", "uv.lock", "poetry.lock"}


@pytest.mark.parametrize(
    ("files", "is_project"),
    [
        ({"setup.py": SETUP}, True),
        ({"setup.py": "import setuptools as st\nif True:\n    st.setup(name='x')\n"}, True),
        ({"setup.py": "from skbuild import setup as make\nmake()\n"}, True),
        ({"setup.py": "from numpy.distutils import core\ncore.setup()\n"}, True),
        ({"setup.py": "from setuptools import *\nsetup()\n"}, True),
        ({"setup.py": "__import__('setuptools').setup()\n"}, True),
        ({"setup.py": "print 'Python 2'\nsetup()\n"}, True),  # nobody knows
        ({"setup.py": SETUP, "__init__.py": ""}, False),
        ({"setup.py": "def setup(bot):\n    bot.x()\n\n\nsetup(1)\n"}, False),
        ({"setup.py": "def go(trainer):\n    trainer.setup()\n"}, False),
        ({"setup.py": ""}, False),
        ({"setup.py": "", "pyproject.toml": ""}, True),
        ({"setup.py": SETUP, "__init__.py": "", "setup.cfg": "[metadata]\nname = x"}, True),
        ({"pyproject.toml": named("{{ cookiecutter.name }}")}, False),
        ({"pyproject.toml": "[project]\nname = {{ name }}\n"}, False),
        ({"pyproject.toml": "{% if poetry %}\n[tool.poetry]\n{% endif %}\n"}, False),
        ({"pyproject.toml": named("<REPLACE ME>")}, False),
        ({"pyproject.toml": '[tool.poetry]\nname = "$pkg"\n'}, False),
        ({"setup.cfg": "[metadata]\nname = ${NAME}\n"}, False),
        ({"setup.py": SETUP.replace("()", "(name='{{name}}')")}, False),
        ({"setup.py": "{% if x %}\nimport a\n{% endif %}\n" + SETUP}, False),
        ({"{{name}}/pyproject.toml": named("a")}, False),
        ({"x-{% if a %}a{% endif %}/setup.py": SETUP}, False),
        ({"<REPLACE ME>/pyproject.toml": named("a")}, False),
        ({"${pkg}/setup.py": SETUP}, False),
        ({"$pkg/sub/pyproject.toml": named("a")}, False),
    ],
)
def test_what_only_looks_like_a_project_is_none(tmp_path: Path, files: dict[str, str], is_project: bool) -> None:
    write(tmp_path, {f"a/b/{name}": text for name, text in files.items()})
    write(tmp_path, {"real/pyproject.toml": named("real"), "a/b/code.py": ""})
    found = survey(tmp_path)
    assert not found.failures
    others = {project.path for project in found.projects} - {"real", "."}
    assert (len(others), len(found.notes)) == ((1, 0) if is_project else (0, 1))
    explicit = survey(tmp_path, "a/b")  # what is named is wanted
    assert [project.path for project in explicit.projects] == ["a/b"]
    assert {project.path for project in survey(tmp_path, "real", "**").projects} == others | {"real"}


def test_of_a_template_nothing_is_checked_and_one_note_names_all(tmp_path: Path) -> None:
    template = {"pyproject.toml": named("$name"), "x.py": "import {{ x }}\n", "sub/setup.py": SETUP, "sub/y.py": ""}
    write(tmp_path, {f"templates/{number}/{name}": text for number in range(5) for name, text in template.items()})
    write(tmp_path, {"pyproject.toml": named("root"), "a.py": "", "{{x}}/b.py": "", "old/{{y}}/b.py": ""})
    found = survey(tmp_path, exclude=("old",))
    assert [(project.path, project.files) for project in found.projects] == [(".", ("a.py",))]
    assert "templates/4/sub/y.py" in found.projects[0].hidden
    assert [note.rpartition(": ")[2] for note in found.notes] == ["templates/0, templates/1, templates/2 and 3 more"]
    write(tmp_path, {"b.py": ""})
    assert recount(Config(tmp_path, None), found)[0].files == ("a.py", "b.py")
    write(tmp_path, {"pyproject.toml": named("<ours>")})
    assert survey(tmp_path).projects[0].files == ("a.py", "b.py")  # never the monorepo itself

"""Who depends on whom, as manifests, locks and requirements files say it."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyfmt.core.graphs import closure
from pyfmt.projects.dependencies import requirements_folders
from pyfmt.projects.locks import folders as locked_folders
from tests.projects.trees import SETUP, named, projects, write
from tests.support.monorepo import ROOT
from tests.support.virtualenvs import uv_binary

LIBS: dict[str, str | bytes] = {
    "lib/storage/pyproject.toml": named("acme-storage"),
    "lib/events/pyproject.toml": named("acme-events"),
}


def depends_on(root: Path, files: Mapping[str, str | bytes], project: str = "a") -> tuple[str, ...]:
    write(root, {**LIBS, **files})
    return projects(root)[project].depends_on


def test_a_path_in_a_poetry_table(tmp_path: Path) -> None:
    text = '[tool.poetry.dependencies]\nacme-storage = { path = "../lib/storage", develop = true }'
    assert depends_on(tmp_path, {"a/pyproject.toml": text}) == ("lib/storage",)


def test_a_path_or_workspace_source_of_uv(tmp_path: Path) -> None:
    text = "[tool.uv.sources]\nx = { path = '../lib/storage/' }\nAcme_Events = { workspace = true }"
    assert depends_on(tmp_path, {"a/pyproject.toml": text}) == ("lib/events", "lib/storage")


def test_a_direct_reference(tmp_path: Path) -> None:
    line = f"acme-events @ file://{tmp_path}/lib/events"
    assert depends_on(tmp_path, {"a/pyproject.toml": named("a", f"dependencies = ['{line}']")}) == ("lib/events",)


def test_a_bare_name_counts_only_without_a_lock(tmp_path: Path) -> None:
    manifest = named("a", "dependencies = ['Acme.Storage>=1']")
    assert depends_on(tmp_path, {"a/pyproject.toml": manifest}) == ("lib/storage",)
    assert depends_on(tmp_path, {"a/uv.lock": "version = 1\n"}) == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "poetry.lock",
            '[[package]]\nname = "x"\n[package.source]\ntype = "directory"\nurl = "../lib/storage"\n[metadata]\n',
        ),
        (
            "uv.lock",
            'version = 1\n[manifest]\nmembers = ["x"]\n[[package]]\nname = "x"\n'
            'source = { editable = "../lib/storage" }\n',
        ),
        ("uv.lock", '[[package]]\nname = "x"\nsource = { directory = "../lib/storage" }\n'),
        ("pdm.lock", '[[package]]\nname = "x"\npath = "./../lib/storage"\neditable = true\n'),
        ("pylock.toml", '[[packages]]\nname = "x"\n[packages.directory]\npath = "../lib/storage"\neditable = true\n'),
        ("pylock.toml", '[[packages]]\r\nname = "x"\r\ndirectory = { path = "../lib/storage" }\r\n'),
        ("Pipfile.lock", '{"default": {"x": {"editable": true, "path": "../lib/storage"}}}'),
        ("Pipfile", '[packages]\nx = { path = "../lib/storage", editable = true }\nrequests = "*"\n'),
        ("requirements-dev.txt", "-e ../lib/storage\n"),
    ],
)
def test_folders_of_lock_and_requirements_files(tmp_path: Path, name: str, text: str) -> None:
    assert depends_on(tmp_path, {"a/setup.py": SETUP, f"a/{name}": text}) == ("lib/storage",)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("poetry.lock", '[[package]]\nname = "x"\n[package.source]\ntype = "git"\nurl = "../lib/storage"\n'),
        ("uv.lock", '[[package]]\nname = "a"\nsource = { virtual = "../lib/storage" }\n'),
        ("poetry.lock", "[[package]]\n<<<<<<< directory\n"),
        ("poetry.lock", b"\xff"),
        ("pdm.lock", '[[package]]\npath = 3\n[[package]]\npath = "\\u0000"\n'),
    ],
)
def test_what_says_nothing_gives_no_edge(tmp_path: Path, name: str, text: str | bytes) -> None:
    assert depends_on(tmp_path, {"a/setup.py": SETUP, f"a/{name}": text}) == ()


def test_the_locks_of_the_example_name_their_folders() -> None:
    example = ROOT / "examples" / "monorepo"
    found = {
        lock: {(lock.parent / path).resolve() for path in locked_folders(lock)}
        for lock in [*example.rglob("poetry.lock"), *example.rglob("uv.lock")]
    }
    assert found and all(found.values())
    for folders in found.values():
        assert all((folder / "pyproject.toml").is_file() for folder in folders)


def test_a_lock_that_uv_itself_writes(tmp_path: Path) -> None:
    build = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    manifest = named("a", 'requires-python = ">=3.11"\ndependencies = ["acme-storage"]')
    write(tmp_path, {"a/pyproject.toml": manifest + '[tool.uv.sources]\nacme-storage = { path = "../lib/storage" }\n'})
    write(tmp_path, {"lib/storage/pyproject.toml": named("acme-storage") + build})
    done = subprocess.run(
        [str(uv_binary()), "lock", "--offline"], cwd=tmp_path / "a", check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert locked_folders(tmp_path / "a" / "uv.lock") == ["../lib/storage"]


def test_what_is_outside_unknown_or_the_project_itself_is_no_edge(tmp_path: Path) -> None:
    text = (
        "-e .\n../lib\n/nowhere/x\n../../outside\nhttps://example.org/lib/storage\ngit+https://x/lib/storage\n"
        "--find-links ../lib/storage\n"
    )
    assert depends_on(tmp_path, {"a/setup.py": SETUP, "a/requirements.txt": text}) == ()


def test_the_lines_of_a_requirements_file(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "requirements.txt": "-e ../one\n--editable=../two[extra]\n./three ; x\n../four # why\n# -e ../no\n"
            "file:../five\n"
            "-e file:../six#egg=six\nseven @ file:../seven\nsub/eight\nrequests>=2\n-r more/dev.txt\n"
            "-r requirements.txt\n",
            "more/dev.txt": "-e ../nine\n-r ../requirements.txt\n-r nowhere.txt\n",
        },
    )
    expected = ["../one", "../two", "./three", "../four", "../five", "../six", "../seven", "sub/eight", "../nine"]
    assert requirements_folders(tmp_path / "requirements.txt") == expected


def test_a_requirement_may_be_written_as_seen_from_the_root(tmp_path: Path) -> None:
    assert depends_on(tmp_path, {"a/setup.py": SETUP, "a/requirements.txt": "-e lib/events\n"}) == ("lib/events",)


def test_links_lead_to_the_real_project(tmp_path: Path) -> None:
    write(tmp_path, LIBS)
    (tmp_path / "alias").symlink_to("lib/storage")
    assert depends_on(tmp_path, {"a/setup.py": SETUP, "a/requirements.in": "-e ../alias"}) == ("lib/storage",)


def test_cycles_are_kept(tmp_path: Path) -> None:
    write(tmp_path, {f"{one}/pyproject.toml": named(one, f"dependencies = ['{other}']") for one, other in ("ab", "ba")})
    found = projects(tmp_path)
    assert (found["a"].depends_on, found["b"].depends_on) == (("b",), ("a",))


NODES = st.sampled_from("abcde")


@given(st.dictionaries(NODES, st.lists(NODES)), st.lists(NODES))
def test_the_closure_is_all_that_is_reachable(graph: dict[str, list[str]], start: list[str]) -> None:
    found = closure(start, graph)
    assert list(found) == sorted(set(found))
    for node in {*start, *found}:
        assert set(graph.get(node, ())) <= set(found)
    assert set(found) <= {target for node in {*start, *found} for target in graph.get(node, ())}

"""Which Python a new environment has."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import pytest

from pyfmt.environments.creating import CreateOptions, Creation, Status
from pyfmt.environments.creating.interpreters import pyenv_pythons
from tests.environments.creating.trees import make, own_build, write

HERE = ".".join(platform.python_version_tuple()[:2])


@pytest.fixture(scope="module")
def other() -> str:
    """X.Y of another Python of this machine that pyfmt can work with."""
    found = {version.rpartition(".")[0] for version, _ in pyenv_pythons(CreateOptions())} - {HERE}
    usable = sorted(found & {"3.10", "3.11", "3.12", "3.13", "3.14"})
    if not usable:
        pytest.fail("this test needs a second Python (3.10 or later) under pyenv: pyenv install 3.12")
    return usable[-1]


def plan(root: Path, python: str | None = None) -> Creation:
    """What would be made for the project `service`."""
    (made,) = make(root, "service", options=CreateOptions(installer="uv", python=python, dry_run=True))
    return made


def test_it_is_pyfmts_own_where_requires_python_admits_it(tmp_path: Path) -> None:
    assert plan(write(tmp_path, own_build("service"))).python == platform.python_version()


def test_it_is_the_one_that_is_asked_for(tmp_path: Path, other: str) -> None:
    root = write(tmp_path, own_build("service", requires=">=3.8"))
    (made,) = make(root, "service", options=CreateOptions(installer="uv", python=other))
    assert (made.status, made.detail) == (Status.CREATED, "")
    assert made.python.startswith(f"{other}.")
    assert list((root / "service/.venv/lib").iterdir())[0].name == f"python{other}"
    assert os.path.realpath(root / "service/.venv/bin/python") != os.path.realpath(sys.executable)


def test_it_is_one_that_requires_python_admits(tmp_path: Path, other: str) -> None:
    assert plan(write(tmp_path, own_build("service", requires=f"=={other}.*"))).python.startswith(f"{other}.")


def test_it_is_the_one_of_python_version_file(tmp_path: Path, other: str) -> None:
    root = write(tmp_path, own_build("service", requires=">=3.8") | {"service/.python-version": f"{other}\n"})
    assert plan(root).python.startswith(f"{other}.") and not plan(root).notes
    write(tmp_path, {"service/.python-version": "3.99\n"})
    made = plan(root)
    assert (
        made.python == platform.python_version()
        and ".python-version asks for 3.99, which was not found" in made.notes[0]
    )


def test_asking_for_what_requires_python_forbids_is_said(tmp_path: Path, other: str) -> None:
    made = plan(write(tmp_path, own_build("service", requires=f"!={other}.*")), other)
    assert made.status is Status.FAILED
    assert f"!={other}.* (service)" in made.reason


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ("3.11t", "no Python 3.11t was found"),  # free-threaded; the usual one is not taken in its place
        ("three", "is no Python version"),
    ],
)
def test_what_cannot_be_had_is_said_with_its_cure(tmp_path: Path, wish: str, words: str) -> None:
    made = plan(write(tmp_path, own_build("service")), wish)
    assert made.status is Status.FAILED and words in made.reason and made.cure

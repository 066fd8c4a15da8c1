"""The table of well-known files is whole: whoever asks for a file by name finds it there."""

from __future__ import annotations

import re

import pytest

from pyfmt.core import files
from pyfmt.projects import locks
from pyfmt.projects.locks import LockError
from tests.support.monorepo import ROOT

# What the managers name beside a project's files: their user-wide configuration, what is inside an environment,
# folders.
_ELSEWHERE = {"config.toml", "envs.toml", "pyvenv.cfg"}


def test_every_file_that_a_manager_looks_for_is_in_the_table() -> None:
    named = set()
    for module in (ROOT / "pyfmt/environments/managers").glob("*.py"):
        source = module.read_text("utf-8")
        named |= set(re.findall(r'"(\.?[A-Za-z][\w.-]*\.(?:toml|lock|cfg|ini|ya?ml)|Pipfile|\.[a-z]+-[a-z]+)"', source))
    assert {"poetry.toml", "uv.lock", ".python-version", "Pipfile"} <= named
    assert named - _ELSEWHERE <= files.SETTINGS


@pytest.mark.parametrize("name", files.LOCK_FILES)
def test_every_lock_has_a_reader(name: str) -> None:
    empty = '{"_meta": {}}' if name == "Pipfile.lock" else 'lock-version = "1.0"\ncreated-by = "x"\npackages = []\n'
    if name in ("uv.lock", "poetry.lock", "pdm.lock"):
        empty = "version = 1\n"
    assert locks.read_text(name, empty).packages == ()
    with pytest.raises(LockError, match=name):
        locks.read_text(name, "<<<<<<< HEAD")


def test_the_order_of_the_table_is_that_of_precedence() -> None:
    assert files.MANIFESTS == ("pyproject.toml", "setup.cfg", "setup.py")
    assert files.LOCK_FILES[0] == "uv.lock" and files.LOCK_FILES[-1] == "pylock.toml"
    assert {"py.typed", "Pipfile", "poetry.toml", "setup.py"} <= files.PROJECT_WIDE
    assert set(files.MYPY_CONFIGS) == {"pyproject.toml", "setup.cfg", "mypy.ini", ".mypy.ini"}

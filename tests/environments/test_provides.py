"""Which distribution a name comes from, and what it imports: read in a real environment."""

from __future__ import annotations

from pathlib import Path

from pyfmt.environments.provides import importable, provided
from tests.support.virtualenvs import Recipe, build
from tests.support.wheels import write_wheel

_MODULE = '''"""Documented.

    from prose we learn nothing
    import of goods
"""
import first, second.deep as s
from third.deep import x

try:
    import fourth
except ImportError:
    from fifth import (
        y,
    )
'''


def test_names_lead_to_distributions_and_to_what_these_import(tmp_path: Path) -> None:
    one = write_wheel(
        tmp_path, "one-1.0", {"one/__init__.py": _MODULE, "shared/a.py": "", "one-stubs/__init__.pyi": ""}
    )
    two = write_wheel(tmp_path, "two-1.0", {"shared/b.py": "", "two.py": ""})
    environment = build(tmp_path / "venv", Recipe((str(one), str(two))))
    site = environment.site_packages
    (site / "stray.py").write_text("")
    found = provided(str(site))
    assert [each.folder for each in found["one"]] == ["one-1.0.dist-info"]
    assert [each.folder for each in found["shared"]] == ["one-1.0.dist-info", "two-1.0.dist-info"]
    assert found["one"][0].imported() == {"first", "second", "third", "fourth", "fifth"}
    assert "stray" not in found and {"stray", "one", "two", "shared"} <= importable(str(site))


def test_the_digest_tells_another_build_of_the_same_version(tmp_path: Path) -> None:
    digests: list[str] = []
    for text in ("X = 1", "X = 2", "X = 1"):
        folder = tmp_path / str(len(digests))
        folder.mkdir()
        environment = build(folder / "venv", Recipe((str(write_wheel(folder, "one-1.0", {"one.py": text})),)))
        digests.append(provided(str(environment.site_packages))["one"][0].digest)
    assert digests[0] == digests[2] != digests[1]


def test_a_folder_that_is_not_there_provides_nothing(tmp_path: Path) -> None:
    assert importable(str(tmp_path / "no")) == frozenset() and not provided(str(tmp_path / "no"))

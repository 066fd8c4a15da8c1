"""Editable installs that give a folder another name (setuptools' package-dir): no false import error of either tool."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.trees import manifest
from tests.support.monorepo import Monorepo, findings

FILES: dict[str, str | bytes] = {
    "pyproject.toml": "[tool.pyfmt]\n",
    "lib/core/pyproject.toml": """
        [build-system]
        requires = ["setuptools>=64"]
        build-backend = "setuptools.build_meta"

        [project]
        name = "core"
        version = "1.0"

        [tool.setuptools]
        packages = ["core", "core.deep", "core.extra", "acme.tools"]
        package-dir = {core = "sources", "core.extra" = "more", "acme.tools" = "kit"}
        """,
    "lib/core/sources/__init__.py": """
        '''Core.'''

        from core.deep import DEPTH
        from core.values import Value, make

        __all__ = ["DEPTH", "Value", "make"]
        """,
    "lib/core/sources/values.py": """
        '''Values.'''


        class Value:
            '''A value.'''

            size: int = 1


        def make() -> Value:
            '''Makes one.'''
            return Value()
        """,
    # Were the folder's files `sources.*` to mypy, these would be two classes.
    "lib/core/sources/both.py": """
        '''Mixes relative and absolute imports.'''

        from core.values import make

        from .values import Value

        VALUE: Value = make()
        WRONG: int = "no number"
        """,
    "lib/core/sources/deep/__init__.py": "'''Deep.'''\n\nDEPTH = 3\n",
    "lib/core/more/__init__.py": "'''Extra.'''\n\nfrom core.deep import DEPTH\n\nEXTRA = DEPTH\n",
    "lib/core/kit/__init__.py": "'''Kit.'''\n\nfrom core import Value\n\nKIT: Value = Value()\n",
    "app/pyproject.toml": manifest("app", "app", "core"),
    "app/app/__init__.py": """
        '''App.'''

        from acme.tools import KIT
        from core import Value, make
        from core.deep import DEPTH
        from core.extra import EXTRA

        VALUE: Value = make()
        SIZE: str = VALUE.size
        print(DEPTH, EXTRA, KIT.nothing)
        """,
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    made = Monorepo.create(tmp_path_factory.mktemp("remapped"), FILES)
    made.environment("app", editable=["lib/core", "app"])
    return made


def test_no_false_import_error_and_the_types_are_known(tree: Monorepo) -> None:
    before = sorted(Path(tree.root / "lib").rglob("*"))
    result, report = tree.check("app", "lib", "--tool", "pylint", "--tool", "mypy")
    result.expect(1)
    assert {(path, line, rule) for path, line, rule, _ in findings(report)} == {
        ("app/app/__init__.py", 9, "assignment"),
        ("app/app/__init__.py", 10, "attr-defined"),
        ("app/app/__init__.py", 10, "E1101"),
        ("lib/core/sources/both.py", 8, "assignment"),
    }
    assert [path for path in sorted(Path(tree.root / "lib").rglob("*")) if path not in before] == []


def test_an_error_that_blocks_mypy_is_told_at_its_real_place(tree: Monorepo) -> None:
    broken = tree.root / "lib/core/sources/broken.py"
    broken.write_text("'''Broken.'''\n\ndef broken(:\n", "utf-8")
    try:
        _, report = tree.check("app", "lib", "--tool", "mypy")
    finally:
        broken.unlink()
    assert report["failures"] == []
    assert ("lib/core/sources/broken.py", 3) in {(path, line) for path, line, _, _ in findings(report)}
    assert len(findings(report)) == 4


def test_a_change_in_the_renamed_folder_is_seen_through_the_cache(tree: Monorepo) -> None:
    tree.check("app", "--tool", "mypy")
    values = tree.root / "lib/core/sources/values.py"
    text = values.read_text("utf-8")
    values.write_text(text.replace("size: int = 1", 'size: str = ""'), "utf-8")
    try:
        _, report = tree.check("app", "--tool", "mypy")
    finally:
        values.write_text(text, "utf-8")
    assert {(path, rule) for path, _, rule, _ in findings(report)} == {("app/app/__init__.py", "attr-defined")}

"""Monorepos without environments: the boundaries need none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.monorepo import Monorepo

CONFIG = "[tool.pyfmt]\n\n[tool.pyfmt.boundaries]\n"


def manifest(name: str, *dependencies: str, more: str = "") -> str:
    """A pyproject.toml."""
    listed = ", ".join(f'"{dependency}"' for dependency in dependencies)
    return f'[project]\nname = "{name}"\nversion = "1"\ndependencies = [{listed}]\n{more}'


# Two libraries in one namespace, two projects; nothing is wrong.
FILES: dict[str, str | bytes] = {
    "pyproject.toml": CONFIG,
    "lib/storage/pyproject.toml": manifest("acme-storage"),
    "lib/storage/acme/storage/__init__.py": '"""Storage."""\n',
    "lib/storage/acme/storage/store.py": "VALUE = 1\n",
    "lib/events/pyproject.toml": manifest("acme-events", "acme-storage"),
    "lib/events/acme/events/__init__.py": "from acme.storage import store\n\nprint(store)\n",
    "services/billing/pyproject.toml": manifest("billing", "acme-storage", "redis"),
    "services/billing/billing/__init__.py": "",
    "services/billing/billing/models.py": "import os\n\nfrom acme.storage import store\n\nprint(os, store)\n",
    "services/billing/tests/__init__.py": "",
    "services/billing/tests/helpers.py": "",
    "services/ledger/pyproject.toml": manifest("ledger"),
    "services/ledger/src/ledger/__init__.py": "",
    "services/ledger/src/ledger/book.py": "from ledger import __doc__\n",
    "services/ledger/tests/__init__.py": "",
    "services/ledger/tests/test_book.py": "from tests import __doc__\n",
}


def tree(folder: Path, **files: str | bytes) -> Monorepo:
    """The tree with further files."""
    return Monorepo.create(folder, FILES | files)


Place = tuple[str, int, int, str]


def places(report: dict[str, Any]) -> set[Place]:
    """(path, line, column, rule) of pyfmt's own findings."""
    return {(f["path"], f["line"], f["column"], f["rule"]) for f in report["findings"] if f["tool"] == "pyfmt"}


def check(monorepo: Monorepo, *arguments: str, expect: int | None = None) -> set[Place]:
    """The places that `pyfmt check --tool pyfmt` finds; fails unless the exit code tells whether there are any."""
    result, report = monorepo.check("--tool", "pyfmt", *arguments)
    found = places(report)
    result.expect(int(bool(found)) if expect is None else expect)
    return found

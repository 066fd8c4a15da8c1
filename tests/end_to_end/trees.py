"""The monorepos that the end-to-end tests run over."""

from __future__ import annotations

from pathlib import Path

from tests.support.careful_loop import LoopProject
from tests.support.monorepo import Monorepo


def manifest(name: str, packages: str, *dependencies: str) -> str:
    """A pyproject.toml built by hatchling; `packages` as its wheel target takes them."""
    listed = ", ".join(f'"{dependency}"' for dependency in dependencies)
    return f"""
        [build-system]
        requires = ["hatchling"]
        build-backend = "hatchling.build"

        [project]
        name = "{name}"
        version = "1.0"
        requires-python = ">=3.11"
        dependencies = [{listed}]

        [tool.hatch.build.targets.wheel]
        packages = ["{packages}"]
    """


STORAGE = '''
    """Storage that the services share."""


    class Store:
        """Keeps values by their keys."""

        def __init__(self) -> None:
            self._values: dict[str, str] = {}

        def put(self, key: str, value: str) -> None:
            """Keeps `value`."""
            self._values[key] = value
'''

# Before 1.10, since that comes compiled, which pylint cannot read.
# Right with pydantic 2, wrong with pydantic 1: mypy tells, and only where it sees the right environment.
MODELS = '''
    """What the service is about."""

    from acme.storage import Store
    from pydantic import BaseModel


    class Item(BaseModel):
        """Something with a price."""

        price: int


    def keep(item: Item, store: Store) -> None:
        """Puts the item into the store."""
        store.put("item", str(item.model_dump()))
'''

# Below a namespace package, named like what they import: a tool that takes them for top-level modules finds themselves.
BOXES = '''
    """Boxes, which are made with pydantic."""

    import json

    from pydantic import BaseModel


    class Box(BaseModel):
        """Something with a name."""

        name: str


    def dumped(box: Box) -> str:
        """Its name as JSON."""
        return json.dumps(box.name)
'''

MISTAKES = '''
    """One mistake for each linter."""


    def collect(value: int, into: list[int] = []) -> list[int]:
        """A default value that all calls share."""
        into.append(value)
        return into


    WRONG: int = "no number"
'''

TEST = '''
    """Tests."""

    from {package}.models import Item


    def test_price() -> None:
        """An item has a price."""
        assert Item(price=1).price == 1
'''

FILES: dict[str, str | bytes] = {
    "pyproject.toml": "[tool.pyfmt]\n",
    "lib/storage/pyproject.toml": manifest("acme-storage", "acme"),
    "lib/storage/acme/storage/__init__.py": STORAGE,
    "lib/storage/acme/storage/py.typed": "",
    "lib/storage/acme/pydantic/__init__.py": BOXES,
    "lib/storage/acme/json/__init__.py": BOXES,
    "projects/billing/pyproject.toml": manifest("billing", "billing", "pydantic<1.10", "acme-storage"),
    "projects/billing/billing/__init__.py": '"""Bills."""\n',
    "projects/billing/billing/models.py": MODELS,
    "projects/billing/billing/mistakes.py": MISTAKES,
    "projects/billing/tests/__init__.py": '"""Tests of billing."""\n',
    "projects/billing/tests/test_models.py": TEST.replace("{package}", "billing"),
    "projects/ledger/pyproject.toml": manifest("ledger", "src/ledger", "pydantic>=2", "acme-storage"),
    "projects/ledger/src/ledger/__init__.py": '"""Books."""\n',
    "projects/ledger/src/ledger/models.py": MODELS,
    "projects/ledger/tests/__init__.py": '"""Tests of ledger."""\n',
    "projects/ledger/tests/test_models.py": TEST.replace("{package}", "ledger"),
}

PROJECTS = ("lib/storage", "projects/billing", "projects/ledger")
LOOP = (
    LoopProject("lib/storage", "projects/billing/.venv", python="3.11"),
    LoopProject("projects/billing", "projects/billing/.venv", python="3.11"),
    LoopProject("projects/ledger", "projects/ledger/.venv", source_roots=("src", "."), python="3.11"),
)
# Every finding that the tree has with the configs that pyfmt ships: (path, line, tool, rule).
EXPECTED = {
    ("projects/billing/billing/mistakes.py", 4, "pylint", "W0102"),
    ("projects/billing/billing/mistakes.py", 10, "mypy", "assignment"),
    ("projects/billing/billing/models.py", 15, "mypy", "attr-defined"),
}


def conflicting(folder: Path) -> Monorepo:
    """Two services with pydantic 1 and 2, and a namespace library that both have installed editable."""
    tree = Monorepo.create(folder, FILES)
    tree.environment("projects/billing", "pydantic<1.10", editable=["lib/storage", "projects/billing"])
    tree.environment("projects/ledger", "pydantic>=2", editable=["lib/storage", "projects/ledger"])
    return tree


def one_project(folder: Path, files: dict[str, str | bytes]) -> Monorepo:
    """A monorepo with the project "app" alone, which has an environment without packages."""
    tree = Monorepo.create(folder, {"pyproject.toml": "[tool.pyfmt]\n", "app/pyproject.toml": manifest("app", "app")})
    tree.write({f"app/{name}": content for name, content in files.items()})
    tree.environment("app")
    return tree

"""pyfmt's mypy finds exactly what a careful loop finds, over real environments."""

from __future__ import annotations

import pytest

from tests.conftest import MakeLoop, MakeMonorepo
from tests.support.careful_loop import LoopProject
from tests.tools.mypy.checking import Checker, sound

LIBRARY = """
    [build-system]
    requires = ["{backend}"]
    build-backend = "{build}"

    [project]
    name = "{name}"
    version = "1"
    """
HATCHLING = LIBRARY + """
    [tool.hatch.build.targets.wheel]
    packages = ["acme"]
    """


def library(name: str, setuptools: bool) -> str:
    """A library's pyproject.toml: setuptools makes a flat editable one with an import hook, hatchling a plain .pth."""
    if setuptools:
        text = LIBRARY.format(backend="setuptools>=64", build="setuptools.build_meta", name=name)
        return text + '\n    [tool.setuptools.packages.find]\n    include = ["acme*"]\n'
    return HATCHLING.format(backend="hatchling", build="hatchling.build", name=name)


def service(name: str) -> str:
    """A service's manifest."""
    return f'[project]\nname = "{name}"\nversion = "1"\n'


STORAGE = """
    from acme.events import Event

    def store(event: Event) -> int:
        return event.size

    def broken() -> str:
        return 1
    """
EVENTS = """
    class Event:
        size: int = 0
    """
ACME = {
    "lib/storage/pyproject.toml": library("acme-storage", setuptools=False),
    "lib/storage/acme/storage/__init__.py": STORAGE,
    "lib/storage/tests/__init__.py": "",
    "lib/storage/tests/test_storage.py": "from acme.storage import store\n\n\ndef test() -> None:\n    store(1)\n",
    "lib/events/pyproject.toml": library("acme-events", setuptools=True),
    "lib/events/acme/events/__init__.py": EVENTS,
    "lib/events/tests/__init__.py": "",
    "lib/events/tests/test_events.py": "from acme.events import Event\n\n\ndef test() -> None:\n    Event().nothing\n",
}


def test_conflicting_versions_give_each_project_its_own_types(monorepo: MakeMonorepo, careful_loop: MakeLoop) -> None:
    """pydantic 1 and 2 differ in what they export and how it is typed; a wrong environment shows at once."""
    source = """
        import pydantic
        import yaml
        import attr
        import nothing_at_all

        class Item(pydantic.BaseModel):
            name: str

        def dump(item: Item) -> int:
            return item.model_dump()

        def schema(item: Item) -> None:
            item.schema_json(indent="x")

        yaml.safe_load(1)
        attr.nope
        """
    tree = monorepo(
        {
            "projects/billing/pyproject.toml": service("billing"),
            "projects/billing/billing/__init__.py": "",
            "projects/billing/billing/items.py": source,
            "projects/ledger/pyproject.toml": service("ledger"),
            "projects/ledger/src/ledger/__init__.py": "",
            "projects/ledger/src/ledger/items.py": source,
        }
    )
    tree.environment("projects/billing", "pydantic<2", "types-PyYAML", "attrs")
    tree.environment("projects/ledger", "pydantic>=2", "PyYAML", python="3.12")
    checker = Checker(tree, {f"projects/{name}": f"projects/{name}/.venv" for name in ("billing", "ledger")})

    found = sound(checker.check())

    loop = careful_loop(tree).mypy(
        [
            LoopProject("projects/billing", "projects/billing/.venv"),
            LoopProject("projects/ledger", "projects/ledger/.venv", source_roots=("src",)),
        ]
    )
    assert found == loop
    messages = {path: {item[3] for item in found if item[0].startswith(path)} for path in checker.environments}
    assert '"Item" has no attribute "model_dump"' in messages["projects/billing"]
    assert not any("model_dump" in message for message in messages["projects/ledger"])
    assert any("attr" in message for message in messages["projects/ledger"])


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13"])
def test_namespace_libraries_are_typed_however_they_are_installed(
    monorepo: MakeMonorepo, careful_loop: MakeLoop, python: str
) -> None:
    """A plain .pth and setuptools' import hook for two portions of one namespace, neither with py.typed."""
    tree = monorepo(
        ACME
        | {
            "projects/billing/pyproject.toml": service("billing"),
            "projects/billing/billing/__init__.py": "",
            "projects/billing/billing/app.py": """
                import sys
                from acme.events import Event
                from acme.storage import store
                import acmy

                value: str = store(Event())
                if sys.version_info >= (3, 12):
                    import nowhere
                """,
            "projects/billing/tests/__init__.py": "",
            "projects/billing/tests/test_app.py": "from billing.app import value\nfrom . import helper\n\nvalue + 1\n",
            "projects/billing/tests/helper.py": "",
        }
    )
    tree.environment("projects/billing", editable=["lib/events", "lib/storage"], python=python)
    environments = dict.fromkeys(["lib/events", "lib/storage", "projects/billing"], "projects/billing/.venv")
    checker = Checker(tree, environments)

    found = sound(checker.check())

    roots = {path: (".", *(f"../../{other}" for other in ("lib/events", "lib/storage"))) for path in environments}
    loop = careful_loop(tree).mypy(
        LoopProject(path, "projects/billing/.venv", source_roots=roots[path]) for path in environments
    )
    assert found == loop
    rules = {(path, line, rule) for path, line, rule, _ in found}
    expected = {
        ("lib/storage/acme/storage/__init__.py", 7, "return-value"),
        ("lib/storage/tests/test_storage.py", 5, "arg-type"),
        ("lib/events/tests/test_events.py", 5, "attr-defined"),
        ("projects/billing/billing/app.py", 4, "import-not-found"),
        ("projects/billing/billing/app.py", 6, "assignment"),
        ("projects/billing/tests/test_app.py", 4, "operator"),
    }
    if python in ("3.12", "3.13"):
        expected.add(("projects/billing/billing/app.py", 8, "import-not-found"))
    assert rules == expected
    assert len(checker.units) == 3, "three packages named tests"

"""What files reach by imports: computed names count as all that they may be."""

from __future__ import annotations

import pytest

from pyfmt.imports.graph import Home, ImportGraph
from pyfmt.imports.parse import read_module
from pyfmt.imports.reachable import Reachable

FILES = {
    "lib/acme/__init__.py": "",
    "lib/acme/used.py": "from acme import deeper",
    "lib/acme/deeper.py": "import os, pydantic.main\nfrom . import other",
    "lib/acme/other.py": "import hidden",
    "lib/acme/unused.py": "",
    "lib/acme/plugins/__init__.py": "",
    "lib/acme/plugins/one.py": "",
    "hidden/hidden.py": "",
}


def reachable(main: str) -> Reachable:
    texts = {"app/main.py": main, "app/near.py": "", **FILES}

    def read(file: str) -> tuple[str, ...]:
        return read_module(texts[file].encode()).content.imports

    homes = [
        Home("app", ("app/main.py", "app/near.py"), ("app",)),
        Home("lib", tuple(file for file in FILES if file.startswith("lib/")), ("lib",)),
        Home("hidden", ("hidden/hidden.py",), ("hidden",)),
    ]
    return Reachable(ImportGraph(homes, read), read, {file: home.path for home in homes for file in home.files})


@pytest.mark.parametrize(
    ("main", "reached"),
    [
        ("import acme.used", ["__init__", "deeper", "other", "used"]),
        ("if 0:\n    from acme import other", ["__init__", "other"]),
        ("import_module('acme.unused')", ["__init__", "unused"]),
        ("import_module(f'acme.plugins.{name}')", ["__init__", "plugins/__init__", "plugins/one"]),
        ("import_module('acme.plugins.' + name)", ["__init__", "plugins/__init__", "plugins/one"]),
        ("import_module('acme.plugins.{}'.format(name))", ["__init__", "plugins/__init__", "plugins/one"]),
        ("import_module('acme.plugins.%s' % name)", ["__init__", "plugins/__init__", "plugins/one"]),
        ("import_module(name)", []),  # of the own package: nothing of the library
        ("__import__(f'{name}.x')", []),
    ],
)
def test_every_branch_and_every_name_that_is_written(main: str, reached: list[str]) -> None:
    found = reachable(main).from_(["app/main.py"], lambda file: file.startswith("lib/"))
    names = (file.removeprefix("lib/acme/").removesuffix(".py") for file in found if file.startswith("lib/"))
    assert sorted(names) == reached


def test_a_name_of_which_nothing_is_written_may_be_any_of_the_own_package() -> None:
    found = reachable("import_module(name)").from_(["app/main.py"], lambda file: True)
    assert found == {"app/main.py", "app/near.py"}


def test_nothing_is_followed_through_what_is_not_visible() -> None:
    made = reachable("import acme.used")
    assert "hidden/hidden.py" not in made.from_(["app/main.py"], lambda file: file.startswith("lib/"))
    assert "hidden/hidden.py" in made.from_(["app/main.py"], lambda file: True)


def test_the_way_is_the_shortest_one() -> None:
    made = reachable("import acme.used")
    way = made.chain(["app/main.py", "app/near.py"], "lib/acme/other.py", lambda file: True)
    assert way == ["app/main.py", "lib/acme/used.py", "lib/acme/deeper.py", "lib/acme/other.py"]
    assert made.chain(["app/near.py"], "lib/acme/other.py", lambda file: True) == []


def test_the_dotted_names() -> None:
    text = "import a.b\nfrom e import *\nimport_module(f'c.d.{x}')"
    found = reachable(text).names(["app/main.py", "lib/acme/deeper.py"])
    assert found == {"a.b", "c.d", "e", "os", "pydantic.main"}
    named = reachable("import a\nprint(a.deeper, a.x, 'plugins')").names(["app/main.py"])
    assert named == {"a", "@deeper", "@plugins"}, "attributes that modules of the monorepo are named like"


def test_a_relative_import_may_lead_to_another_portion_of_a_namespace() -> None:
    texts = {"core/acme/core/__init__.py": "from ..grpc import C", "core/acme/plain.py": "from . import grpc"}
    texts |= {"grpc/acme/grpc/__init__.py": "from .own import D", "grpc/acme/grpc/own.py": ""}
    homes = [Home(name, tuple(file for file in texts if file.startswith(name)), (name,)) for name in ("core", "grpc")]

    def read(file: str) -> tuple[str, ...]:
        return read_module(texts[file].encode()).content.imports

    graph = ImportGraph(homes, read)
    made = Reachable(graph, read, {file: home.path for home in homes for file in home.files})
    there, own = "grpc/acme/grpc/__init__.py", "grpc/acme/grpc/own.py"
    for file in list(texts)[:2]:
        assert made.from_([file], lambda _: True) == {file, there, own}
        assert file in graph.importers([there])
    assert made.names(list(texts)) == {"acme.grpc.C", "acme.grpc"}

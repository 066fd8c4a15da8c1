"""What each file reaches: by plain names, relative ones, stars, namespaces, and whatever begins to stand in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyfmt.imports.closure import Reach, Tree, beginning
from pyfmt.imports.index import Index, Roots
from pyfmt.imports.parse import read_module

ROOTS = (("lib/core", ""), ("lib/extra/src", ""), ("app", ""))
SOURCES = {
    "lib/core/acme/core/__init__.py": "",
    "lib/core/acme/core/values.py": "from acme.core.text import Text\n",
    "lib/core/acme/core/text.py": "import json\n",
    "lib/extra/src/acme/extra/__init__.py": "from acme.core.values import *\n",
    "lib/extra/src/acme/extra/more.py": "from . import other\nfrom ..core import text\n",
    "lib/extra/src/acme/extra/other.py": "",
    "app/service/__init__.py": "",
    "app/service/main.py": "def f():\n    from acme.core import values\n",
    "app/service/leaf.py": "import os\n",
    "app/service/all.py": "from acme import *\n",
    "app/service/broken.py": "def (:\n",
    "app/tests/test_it.py": "import common\n",
    "app/tests/common.py": "import service.leaf\n",
}


def made_tree(
    contents: Mapping[str, str], roots: Sequence[tuple[str, str]], rest: str = "", shared: frozenset[str] = frozenset()
) -> Tree:
    index = Index(contents)
    return Tree(contents, index, Roots((index, *root) for root in roots), rest, shared)


def reach(
    sources: Mapping[str, str], roots: Sequence[tuple[str, str]] = ROOTS, shared: frozenset[str] = frozenset()
) -> Reach:
    contents = {path: str(hash(text)) for path, text in sources.items()}
    tree = made_tree(contents, (*roots, ("app/tests", "")), "", shared)
    return Reach(tree, lambda file: read_module(sources[file].encode()).content.imports if file in sources else ())


def files(found: frozenset[str]) -> set[str]:
    return {path for path in found if not path.endswith(("/", "?", ":"))}


def test_imports_are_followed_through_functions_and_other_projects() -> None:
    assert files(reach(SOURCES).of("app/service/main.py")) == {
        "app/service/main.py",
        "lib/core/acme/core/__init__.py",
        "lib/core/acme/core/values.py",
        "lib/core/acme/core/text.py",
    }
    assert files(reach(SOURCES).of("app/service/leaf.py")) == {"app/service/leaf.py"}


def test_a_folder_of_tests_is_where_its_files_are_imported_from() -> None:
    assert "app/tests/common.py" in reach(SOURCES).of("app/tests/test_it.py")
    assert "app/service/leaf.py" in reach(SOURCES).of("app/tests/test_it.py")


def test_relative_imports_lead_into_other_portions_of_a_namespace() -> None:
    found = reach(SOURCES).of("lib/extra/src/acme/extra/more.py")
    assert {"lib/extra/src/acme/extra/other.py", "lib/core/acme/core/text.py"} <= found


def test_a_star_takes_what_is_directly_below() -> None:
    found = reach(SOURCES).of("app/service/all.py")
    assert {"lib/core/acme/core/__init__.py", "lib/extra/src/acme/extra/__init__.py"} <= found


def test_a_file_that_cannot_be_parsed_reaches_everything() -> None:
    assert set(SOURCES) <= reach(SOURCES).of("app/service/broken.py")


def test_the_digest_changes_with_what_is_reached_and_with_nothing_else() -> None:
    before = reach(SOURCES)
    after = reach({**SOURCES, "lib/core/acme/core/text.py": "import json  # another\n"})
    for file in ("app/service/main.py", "lib/core/acme/core/values.py", "lib/extra/src/acme/extra/__init__.py"):
        assert before.digest(file) != after.digest(file), file
    for file in ("app/service/leaf.py", "app/tests/test_it.py", "lib/extra/src/acme/extra/other.py"):
        assert before.digest(file) == after.digest(file), file


def test_a_module_that_appears_disappears_or_stands_in_the_way_counts() -> None:
    before = reach(SOURCES)
    for path in (
        "app/json.py",
        "lib/core/acme/core/text.pyi",
        "app/acme.py",
        "app/service/os/deep.py",
        "app/acme/core.py",
    ):
        seen = {file for file in SOURCES if reach({**SOURCES, path: ""}).digest(file) != before.digest(file)}
        assert ("app/service/main.py" in seen) is (path != "app/service/os/deep.py"), path
    without = {path: text for path, text in SOURCES.items() if path != "lib/core/acme/core/text.py"}
    assert reach(without).digest("app/service/main.py") != before.digest("app/service/main.py")
    assert reach(without).digest("app/service/leaf.py") == before.digest("app/service/leaf.py")


def test_of_the_packages_that_a_file_is_in_only_the_existence_counts() -> None:
    path = "app/service/__init__.py"
    before = reach(SOURCES).digest("app/service/leaf.py")
    assert reach({**SOURCES, path: "import acme\n"}).digest("app/service/leaf.py") == before
    without = {name: text for name, text in SOURCES.items() if name != path}
    assert reach(without).digest("app/service/leaf.py") != before


def test_a_module_that_is_only_named_as_an_attribute_of_its_package_counts() -> None:
    sources = {
        "app/pkg/__init__.py": "",
        "app/pkg/sub/__init__.py": "",
        "app/pkg/sub/deep.py": "",
        "app/pkg/other.py": "",
        "app/give.py": "import pkg\n\n\ndef get():\n    return pkg\n",
        "app/use.py": "import give\n\nprint(give.get().sub.deep.VALUE)\n",
        "app/named.py": "import pkg\n\nprint(getattr(pkg, 'other'))\n",
    }
    assert {"app/pkg/sub/deep.py", "app/pkg/sub/__init__.py"} <= files(reach(sources).of("app/use.py"))
    assert "app/pkg/other.py" not in reach(sources).of("app/use.py")
    assert files(reach(sources).of("app/named.py")) == {"app/named.py", "app/pkg/__init__.py", "app/pkg/other.py"}


def test_a_hook_that_gives_a_folder_another_name() -> None:
    sources = {"lib/odd/code/thing.py": "", "app/use.py": "import nice.thing\n"}
    assert "lib/odd/code/thing.py" in reach(sources, (("lib/odd/code", "nice"), ("app", ""))).of("app/use.py")
    assert "lib/odd/code/thing.py" not in reach(sources, (("app", ""),)).of("app/use.py")


def test_what_installed_packages_may_import_is_reached_by_everyone() -> None:
    found = reach(SOURCES, shared=frozenset({"acme"})).of("app/service/leaf.py")
    assert {path for path in SOURCES if path.startswith("lib/")} <= found


def test_a_package_at_the_root_has_the_name_that_the_root_stands_for() -> None:
    sources = {"__init__.py": "from . import part\n", "elsewhere/part.py": ""}
    assert "elsewhere/part.py" in reach(sources, ((".", "acme"), ("elsewhere", "acme"))).of("__init__.py")


def test_beginning_and_top_names() -> None:
    contents = {path: "" for path in SOURCES}
    assert beginning("app/service/main.py", contents) == "app"
    assert beginning("app/tests/common.py", contents) == "app/tests"
    assert beginning("script.py", contents) == "."
    tree = made_tree(contents, (("app", ""), ("lib/core", ""), ("lib/extra/src/acme/extra", "given.name")))
    assert tree.roots.tops == {"service", "tests", "acme", "given"}


def test_where_it_is_known_what_installed_packages_ask_for_only_that_is_reached() -> None:
    everything = reach(SOURCES, shared=frozenset({"acme"}))
    asked = everything.asked(["acme.core.absent", "acme.extra"], ["acme"])
    reached = {path for path in asked.of("app/service/leaf.py") if path.startswith("lib/")}
    assert any(path.startswith("lib/extra/") for path in reached)
    assert "lib/extra/src/acme/extra/more.py" not in reached
    assert asked.digest("app/service/leaf.py") != everything.digest("app/service/leaf.py")
    of_another_name = everything.asked([], ["tests"])
    assert of_another_name.of("app/service/leaf.py") == everything.of("app/service/leaf.py")


def test_of_what_is_reached_only_what_is_looked_at_counts() -> None:
    user, values, text = "app/service/main.py", "lib/core/acme/core/values.py", "lib/core/acme/core/text.py"
    source = '"""Values."""\nfrom acme.core.text import Text\ndef one(): ...\ndef two(): ...\n'

    def seen(reads: Mapping[str, Sequence[str]] | None, **changed: str) -> str:
        sources = {**SOURCES, values: changed.get("values", source), text: changed.get("text", "import json\n")}
        contents = {path: read_module(each.encode()).content for path, each in sources.items()}
        tree = made_tree({path: str(hash(each)) for path, each in sources.items()}, ROOTS)
        return Reach(
            tree,
            lambda path: contents[path].imports if path in contents else (),
            lambda path: contents[path].tree,
            lambda path: contents[path].definitions,
        ).digest(user, reads)

    one, other = {values: ["one"]}, source.replace("two(): ...", "two(): pass")
    assert seen(one) == seen(one, values=other) == seen(one, text="import re\n")
    assert seen({values: ["two"]}) != seen({values: ["two"]}, values=other)
    for everything in (None, {values: ["*"]}, {**one, "elsewhere.py": ["*"]}):
        assert seen(everything) != seen(everything, values=other)
    assert seen(one) != seen(one, values=source + "import service.leaf\n")  # it reaches more
    assert seen({user: ["f"], **one}) != seen(one)
